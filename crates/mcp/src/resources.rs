//! Resources: what a client may put before its agent without a call.

use rmcp::model::{Resource, ResourceTemplate};
use serde_json::{Map, Value, json};

/// Where the manifest is.
const MANIFEST: &str = "plimsoll://manifest";

/// A resource that is there, or may be.
#[derive(Debug, PartialEq)]
pub(crate) enum Place {
    /// The project's manifest.
    Manifest,
    /// What is on record of a deployment: the arguments of `show_deployment`.
    Deployment(Map<String, Value>),
    /// The log of its run.
    Log(Map<String, Value>),
}

impl Place {
    /// What a URI leads to. Whether there is such a deployment is not known then.
    pub(crate) fn of(uri: &str) -> Option<Self> {
        if uri == MANIFEST {
            return Some(Self::Manifest);
        }
        let parts: Vec<&str> = uri.strip_prefix("plimsoll://")?.split('/').collect();
        let arguments = |environment: &str, id: &str, log: bool| {
            let arguments = json!({ "environment": environment, "deployment": id, "log": log });
            if let Value::Object(arguments) = arguments { arguments } else { Map::new() }
        };
        match parts.as_slice() {
            [environment, "deployments", id] => Some(Self::Deployment(arguments(environment, id, false))),
            [environment, "deployments", id, "log"] => Some(Self::Log(arguments(environment, id, true))),
            _ => None,
        }
    }

    /// The kind of its content.
    pub(crate) fn mime_type(&self) -> &'static str {
        match self {
            Self::Manifest => "application/toml",
            Self::Deployment(_) => "application/json",
            Self::Log(_) => "text/plain",
        }
    }
}

/// Those that are always there.
pub(crate) fn all() -> Vec<Resource> {
    vec![Resource::new(MANIFEST, "manifest").with_description("The project's plimsoll.toml").with_mime_type(Place::Manifest.mime_type())]
}

/// How the others are called.
pub(crate) fn templates() -> Vec<ResourceTemplate> {
    let of_deployment = "plimsoll://{environment}/deployments/{deployment}";
    vec![
        ResourceTemplate::new(of_deployment, "deployment")
            .with_description("All that is on record of a deployment")
            .with_mime_type("application/json"),
        ResourceTemplate::new(format!("{of_deployment}/log"), "log").with_description("The log of a deployment's run").with_mime_type("text/plain"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_leads_to_one_place_or_to_none() {
        assert_eq!(Place::of("plimsoll://manifest"), Some(Place::Manifest));
        let arguments = |log: bool| json!({ "environment": "dev", "deployment": "d-1", "log": log }).as_object().cloned().unwrap();
        assert_eq!(Place::of("plimsoll://dev/deployments/d-1"), Some(Place::Deployment(arguments(false))));
        assert_eq!(Place::of("plimsoll://dev/deployments/d-1/log"), Some(Place::Log(arguments(true))));
        for uri in ["", "plimsoll://", "plimsoll://manifest/x", "file:///etc/passwd", "plimsoll://dev", "plimsoll://dev/deployments/d-1/log/x"] {
            assert_eq!(Place::of(uri), None, "{uri}");
        }
    }
}
