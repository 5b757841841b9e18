//! Gathering the values of secrets from where the operation was called.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::SecretValues;
use plimsoll_model::finding::Finding;
use plimsoll_model::manifest;
use plimsoll_model::manifest::project::{Kind, Project};
use plimsoll_model::{ComponentName, Secret};

use crate::project::{Loaded, MANIFEST};
use crate::{Context, Exit, OpError};

/// The values of all secrets that components get.
pub(crate) fn gather(context: &Context, loaded: &Loaded) -> Result<SecretValues, OpError> {
    let (values, missing) = look_up(&loaded.project, &context.variables);
    if missing.is_empty() {
        return Ok(SecretValues(values));
    }
    let findings = manifest::missing_secrets(&loaded.text, MANIFEST, &loaded.project.environment.name, &missing);
    Err(absent(&missing, findings))
}

type Missing = BTreeMap<ComponentName, BTreeSet<String>>;

fn look_up(project: &Project, variables: &BTreeMap<String, Secret<String>>) -> (BTreeMap<ComponentName, BTreeMap<String, Secret<String>>>, Missing) {
    let (mut values, mut missing) = (BTreeMap::<_, BTreeMap<_, _>>::new(), Missing::new());
    for (component, names) in wanted(project) {
        for name in names {
            match variables.get(name) {
                Some(value) => drop(values.entry(component.clone()).or_default().insert(name.clone(), value.clone())),
                None => drop(missing.entry(component.clone()).or_default().insert(name.clone())),
            }
        }
    }
    (values, missing)
}

/// The names of the secrets of each component.
fn wanted(project: &Project) -> impl Iterator<Item = (&ComponentName, &BTreeSet<String>)> {
    project.components.iter().filter_map(|(name, component)| match &component.kind {
        Kind::Process(process) => Some((name, &process.secrets)),
        Kind::Site { .. } => None,
    })
}

fn absent(missing: &Missing, findings: Vec<Finding>) -> OpError {
    let names: BTreeSet<&str> = missing.values().flatten().map(String::as_str).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let message = match names.as_slice() {
        [only] => format!("the secret {only} has no value"),
        several => format!("the secrets {} have no values", several.join(", ")),
    };
    let help = format!("set {} in the environment that plimsoll is called in", names.join(", "));
    OpError { findings, ..OpError::new(Exit::Manifest, "secret-missing", message).with_help(help) }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::EnvironmentName;

    use super::*;

    const TEXT: &str =
        "name = \"shop\"\n[components.a]\nrun = \"./a\"\nsecrets = [\"ONE\", \"TWO\"]\n[components.b]\nrun = \"./b\"\nsecrets = [\"TWO\"]\n";

    #[test]
    fn all_missing_secrets_are_told_at_once() {
        let local = EnvironmentName::new("local").unwrap();
        let project = manifest::read(TEXT, MANIFEST, &local).unwrap();
        let check = |set: &[&str], expect: &[(&str, &str)]| {
            let variables = set.iter().map(|name| ((*name).to_owned(), Secret::new("value".to_owned()))).collect();
            let (values, missing) = look_up(&project, &variables);
            let pairs: Vec<(String, String)> =
                missing.iter().flat_map(|(component, names)| names.iter().map(|name| (component.to_string(), name.clone()))).collect();
            let expect: Vec<(String, String)> = expect.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect();
            assert_eq!(pairs, expect, "with {set:?}");
            assert_eq!(values.values().map(BTreeMap::len).sum::<usize>() + expect.len(), 3);
        };
        check(&["ONE", "TWO", "THREE"], &[]);
        check(&["ONE"], &[("a", "TWO"), ("b", "TWO")]);
        check(&[], &[("a", "ONE"), ("a", "TWO"), ("b", "TWO")]);
        let (_, missing) = look_up(&project, &BTreeMap::new());
        let error = absent(&missing, manifest::missing_secrets(TEXT, MANIFEST, &local, &missing));
        assert_eq!(error.message, "the secrets ONE, TWO have no values");
        let lines: Vec<Option<u32>> = error.findings.iter().map(|finding| finding.place.as_ref().map(|place| place.line)).collect();
        assert_eq!(lines, [Some(4), Some(4), Some(7)]);
    }
}
