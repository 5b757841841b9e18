//! Tells which secrets an environment's components want, where each comes from, and what is missing or superfluous. No value is told.

use std::collections::BTreeSet;

use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName, Recipient};
use plimsoll_vault::{Document, VaultFile};
use serde::{Deserialize, Serialize};

use crate::project::Loaded;
use crate::secrets::{Wanted, in_file, opened, readers, wanted};
use crate::{Context, OpError, Progress, SecretSource, SecretView, project};

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// The secrets of the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// Those that components want.
    pub secrets: Vec<SecretView>,
    /// The names of those that come from nowhere.
    pub missing: Vec<String>,
    /// The names of those in the file that no component wants.
    pub superfluous: Vec<String>,
    /// The file.
    pub file: File,
}

/// The file with the environment's secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    let secrets = views(context, &loaded, wanted, &seen.document);
    let missing = secrets.iter().filter(|secret| secret.source.is_none()).map(|secret| secret.name.clone()).collect();
    Ok(Output { key: loaded.key(), secrets, missing, superfluous, file: file(context, &loaded, &seen.document) })
}

fn views(context: &Context, loaded: &Loaded, wanted: Wanted, document: &Document) -> Vec<SecretView> {
    let view =
        |(name, components): (String, BTreeSet<ComponentName>)| SecretView { source: source(context, loaded, document, &name), components, name };
    wanted.into_iter().map(view).collect()
}

/// The same order as when values are gathered.
fn source(context: &Context, loaded: &Loaded, document: &Document, name: &str) -> Option<SecretSource> {
    let sources = &loaded.project.secrets;
    let command = |command: &String| SecretSource::Command { command: command.clone() };
    let variable = context.variables.contains_key(name).then_some(SecretSource::Variable);
    let own = || sources.commands.get(name).map(command);
    let kept = || document.values.contains_key(name).then(|| in_file(context, loaded));
    variable.or_else(own).or_else(kept).or_else(|| sources.command.as_ref().map(command))
}

fn file(context: &Context, loaded: &Loaded, document: &Document) -> File {
    let file = VaultFile::of(&context.project, &loaded.project.environment.name);
    let (named, present) = (&loaded.project.secrets.recipients, &document.recipients);
    let exists = file.exists();
    let beyond = |all: &[Recipient], known: &[Recipient]| {
        let known: BTreeSet<&str> = known.iter().map(Recipient::key).collect();
        readers(all.iter().filter(|one| exists && !known.contains(one.key())))
    };
    File { path: file.name(), exists, readers: readers(present), waiting: beyond(named, present), lingering: beyond(present, named) }
}
