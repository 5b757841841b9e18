//! Tells which secrets an environment wants, where each comes from, and what is missing or superfluous. No value is told.

use plimsoll_model::{EnvironmentKey, EnvironmentName};
use plimsoll_vault::{Difference, Document, Values, VaultFile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::project::Loaded;
use crate::secrets::{Wanted, opened, readers, source, wanted};
use crate::{Context, OpError, Progress, SecretView, project};

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// The secrets of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// Those that are wanted.
    pub secrets: Vec<SecretView>,
    /// The names of those that come from nowhere.
    pub missing: Vec<String>,
    /// The names of those in the file that nobody wants.
    pub superfluous: Vec<String>,
    /// The file.
    pub file: File,
}

/// The file with the environment's secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct File {
    /// Where it lies, from the project's folder.
    pub path: String,
    /// Whether it is there.
    pub exists: bool,
    /// Who could read it when it was last written.
    pub readers: Vec<String>,
    /// Whom the manifest names and who cannot read it yet.
    pub waiting: Vec<String>,
    /// Whom the manifest does not name any more and who can read it still.
    pub lingering: Vec<String>,
}

/// Finds out, without running a command: what one would print is known when it has run.
///
/// # Errors
/// The manifest is not right, or none of the keys opens the file.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let seen = opened(context, &input.environment).await?;
    let wanted = wanted(&loaded.project);
    let superfluous = seen.document.values.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
    let secrets = views(context, &loaded, wanted, &seen.document.values);
    let missing = secrets.iter().filter(|secret| secret.source.is_none()).map(|secret| secret.name.clone()).collect();
    Ok(Output { key: loaded.key(), secrets, missing, superfluous, file: file(context, &loaded, &seen.document) })
}

fn views(context: &Context, loaded: &Loaded, wanted: Wanted, kept: &Values) -> Vec<SecretView> {
    wanted.into_iter().map(|(name, users)| SecretView { source: source(context, loaded, kept, &name), users, name }).collect()
}

fn file(context: &Context, loaded: &Loaded, document: &Document) -> File {
    let file = VaultFile::of(&context.project, &loaded.project.environment.name);
    let Difference { waiting, lingering } = document.compared_with(&loaded.project.secrets.recipients);
    File {
        path: file.name(),
        exists: file.exists(),
        readers: readers(&document.recipients),
        waiting: readers(&waiting),
        lingering: readers(&lingering),
    }
}
