//! The values of the secrets that components and certificates want, each from the first place that has it.
//!
//! What was said for this one call comes first, what costs a program last: the caller's variable, the environment's file, a command of
//! the manifest. Writing the file is left to the operations whose names begin with `secrets_`.

mod commands;
mod missing;
#[cfg(test)]
mod tests;
mod vault;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::SecretValues;
use plimsoll_model::manifest::project::{KeySource, Project};
use plimsoll_model::{Recipient, Secret};
use plimsoll_vault::{Values, VaultFile};

pub(crate) use vault::{file_key, opened, opened_to_revise, revised};
pub use views::{SecretSource, SecretUsers, SecretView};

use crate::project::Loaded;
use crate::{Context, OpError, Progress};

/// Who wants each secret.
pub(crate) type Wanted = BTreeMap<String, SecretUsers>;

/// Each secret that was found, with its value.
type Found = BTreeMap<String, (SecretSource, Secret<String>)>;

/// The values of all secrets that an environment wants, and where they come from.
pub(crate) struct Gathered {
    /// Those that slots get, by component.
    pub(crate) values: SecretValues,
    /// Those that are private keys of certificates.
    pub(crate) keys: Values,
    /// Where they come from.
    pub(crate) views: Vec<SecretView>,
}

/// Looks for all of them. A private key that is nowhere is told by who reads certificates.
pub(crate) async fn gather(context: &Context, loaded: &Loaded, progress: &Progress) -> Result<Gathered, OpError> {
    let wanted = wanted(&loaded.project);
    let found = look_up(context, loaded, &wanted, progress).await?;
    let missing: BTreeSet<&str> = lacking(&wanted, &found).filter(|name| !wanted[*name].components.is_empty()).collect();
    if missing.is_empty() { Ok(gathered(&wanted, &found)) } else { Err(missing::absent(loaded, &wanted, &missing)) }
}

/// Looks for the private keys of certificates alone.
pub(crate) async fn keys(context: &Context, loaded: &Loaded, progress: &Progress) -> Result<Values, OpError> {
    let mut wanted = Wanted::new();
    add_keys(&loaded.project, &mut wanted);
    let found = look_up(context, loaded, &wanted, progress).await?;
    Ok(found.into_iter().map(|(name, (_, value))| (name, value)).collect())
}

/// Who in the project wants each secret.
pub(crate) fn wanted(project: &Project) -> Wanted {
    let mut wanted = Wanted::new();
    for (component, found) in &project.components {
        for name in found.kind.secrets() {
            wanted.entry(name.to_owned()).or_default().components.insert(component.clone());
        }
    }
    add_keys(project, &mut wanted);
    wanted
}

/// How those who can read a file are told.
pub(crate) fn readers<'r>(recipients: impl IntoIterator<Item = &'r Recipient>) -> Vec<String> {
    recipients.into_iter().map(ToString::to_string).collect()
}

/// Where the value of `name` comes from, when the environment's file holds `kept`.
pub(crate) fn source(context: &Context, loaded: &Loaded, kept: &Values, name: &str) -> Option<SecretSource> {
    let in_file = || SecretSource::File { file: VaultFile::of(&context.project, &loaded.project.environment.name).name() };
    let command = || loaded.project.secrets.command_for(name).map(|command| SecretSource::Command { command: command.to_owned() });
    let variable = context.variables.contains_key(name).then_some(SecretSource::Variable);
    variable.or_else(|| kept.contains_key(name).then(in_file)).or_else(command)
}

fn add_keys(project: &Project, wanted: &mut Wanted) {
    for files in project.certificates().into_keys() {
        if let KeySource::Secret(name) = &files.key {
            wanted.entry(name.clone()).or_default().certificates.insert(files.certificate.clone());
        }
    }
}

/// The file is opened, and commands are run, only where a value does not come from elsewhere.
async fn look_up(context: &Context, loaded: &Loaded, wanted: &Wanted, progress: &Progress) -> Result<Found, OpError> {
    let elsewhere = wanted.keys().any(|name| !context.variables.contains_key(name));
    let kept = if elsewhere { vault::kept(context, loaded, progress).await? } else { Values::new() };
    let (mut found, mut commands) = (Found::new(), BTreeMap::new());
    for name in wanted.keys() {
        let value = || context.variables.get(name).or_else(|| kept.get(name)).cloned();
        match (source(context, loaded, &kept, name), value()) {
            (Some(source), Some(value)) => drop(found.insert(name.clone(), (source, value))),
            (Some(SecretSource::Command { command }), None) => drop(commands.insert(name.clone(), command)),
            _ => {}
        }
    }
    found.extend(commands::ask(context, loaded, commands).await?);
    Ok(found)
}

fn lacking<'w>(wanted: &'w Wanted, found: &Found) -> impl Iterator<Item = &'w str> {
    wanted.keys().filter(|name| !found.contains_key(*name)).map(String::as_str)
}

fn gathered(wanted: &Wanted, found: &Found) -> Gathered {
    let mut gathered = Gathered { values: SecretValues::default(), keys: Values::new(), views: Vec::new() };
    for (name, users) in wanted {
        let Some((source, value)) = found.get(name) else { continue };
        for component in &users.components {
            gathered.values.0.entry(component.clone()).or_default().insert(name.clone(), value.clone());
        }
        if !users.certificates.is_empty() {
            gathered.keys.insert(name.clone(), value.clone());
        }
        gathered.views.push(SecretView { name: name.clone(), users: users.clone(), source: Some(source.clone()) });
    }
    gathered
}
