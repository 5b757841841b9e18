//! Judges the manifest and the folders that it names, for every environment.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_model::finding::{Finding, Severity};
use plimsoll_model::manifest;
use plimsoll_model::manifest::project::{Kind, Project};
use plimsoll_model::{ComponentName, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::project::{self, Disk, MANIFEST};
use crate::{Context, OpError, Progress, migrations};

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// A manifest that can be used.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// Warnings and notes; errors fail the operation with code `manifest-invalid`.
    pub findings: Vec<Finding>,
    /// The project's components.
    pub components: Vec<ComponentName>,
    /// Its environments, `local` among them.
    pub environments: Vec<EnvironmentName>,
}

/// Reads the manifest and looks at the folders that it names.
///
/// # Errors
/// There is no manifest, or it has mistakes: all of them are in the error's findings.
pub async fn run(context: &Context, _: Input, _: &Progress) -> Result<Output, OpError> {
    let text = project::read(context)?;
    let environments = manifest::environments(&text);
    let mut findings = manifest::judge(&text, MANIFEST);
    let mut components = BTreeSet::new();
    for environment in &environments {
        if let Ok(project) = manifest::read(&text, MANIFEST, environment) {
            let found = manifest::judge_tree(&text, MANIFEST, &project, &Disk::new(&context.project));
            findings.extend(found.into_iter().filter(|finding| !findings.contains(finding)).collect::<Vec<_>>());
            findings.extend(of_migrations(&project, &context.project).into_iter().filter(|finding| !findings.contains(finding)).collect::<Vec<_>>());
            components.extend(project.components.into_keys());
        }
    }
    findings.sort_by_key(|finding| finding.place.as_ref().map_or(0, |place| place.offset));
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(project::invalid(findings));
    }
    Ok(Output { findings, components: components.into_iter().collect(), environments: environments.into_iter().collect() })
}

/// What is wrong with the migrations of its databases, of those whose folder is there.
fn of_migrations(project: &Project, root: &Path) -> Vec<Finding> {
    let databases = project.components.values().filter(|component| matches!(component.kind, Kind::Database { own: None, .. }));
    let folders = databases.map(|database| &database.path).filter(|folder| folder.under(root).is_dir());
    folders.filter_map(|folder| migrations::pairs(folder, root).err()).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Scene;

    async fn check(scene: &Scene) -> Result<Output, OpError> {
        run(&scene.context, Input {}, &scene.progress).await
    }

    #[tokio::test]
    async fn a_missing_manifest_says_what_to_do() {
        let error = check(&Scene::new(&[])).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("manifest-missing", crate::Exit::Manifest));
        assert!(error.help.unwrap().contains("plimsoll init"));
    }

    #[tokio::test]
    async fn mistakes_of_text_and_folders_come_together() {
        let table: [(&str, &[(&str, u32)]); 2] = [
            ("name = \"shop\"\n[components.web]\nport = 1\nsite = \".\"\nroute = { port = 4000 }\n", &[("unknown-key", 3)]),
            // Both environments have it, and it is told once.
            (
                "name = \"shop\"\n[components.web]\npath = \"wbe\"\nsite = \".\"\nroute = { port = 4000 }\n[environments.dev]\nhosts = [\"local\"]\n",
                &[("missing-folder", 3)],
            ),
        ];
        for (text, expect) in table {
            let error = check(&Scene::new(&[("plimsoll.toml", text), ("web/index.html", "")])).await.unwrap_err();
            assert_eq!((error.code.as_str(), error.exit), ("manifest-invalid", crate::Exit::Manifest));
            let told: Vec<_> = error.findings.iter().map(|finding| (finding.code.as_str(), finding.place.as_ref().unwrap().line)).collect();
            assert_eq!(told, expect, "{text}");
        }
    }

    #[tokio::test]
    async fn a_good_project_is_described() {
        let text = "name = \"shop\"\n[components.web]\nsite = \".\"\nroute = { port = 4000 }\n[environments.dev]\nhosts = [\"local\"]\n";
        let output = check(&Scene::new(&[("plimsoll.toml", text), ("web/index.html", "")])).await.unwrap();
        let output = serde_json::to_value(output).unwrap();
        assert_eq!(output, serde_json::json!({ "findings": [], "components": ["web"], "environments": ["dev", "local"] }));
    }
}
