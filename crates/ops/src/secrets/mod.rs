//! The values of the secrets that components want, each from the first place that has it.
//!
//! What was said for this one call comes before what stands in the manifest, and what is for one secret before what is for all:
//! the caller's variable, the secret's own command, the environment's file, the command for all. Writing the file is left to the
//! operations whose names begin with `secrets_`.

mod commands;
mod missing;
#[cfg(test)]
mod tests;
mod vault;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::SecretValues;
use plimsoll_model::manifest::project::{Kind, Project};
use plimsoll_model::{ComponentName, Recipient, Secret};
use plimsoll_vault::{Values, VaultFile};

pub(crate) use vault::{opened, readable, revised};
pub use views::{SecretSource, SecretView};

use crate::project::Loaded;
use crate::{Context, OpError};

/// Which components want each secret.
pub(crate) type Wanted = BTreeMap<String, BTreeSet<ComponentName>>;

/// Each secret that was found, with its value.
type Found = BTreeMap<String, (SecretSource, Secret<String>)>;

/// The values of all secrets that components get, and where they come from.
pub(crate) struct Gathered {
    /// The values.
    pub(crate) values: SecretValues,
    /// Where they come from.
    pub(crate) views: Vec<SecretView>,
}

/// Looks for all of them. Commands are run side by side, and only where a value does not come from elsewhere.
pub(crate) async fn gather(context: &Context, loaded: &Loaded) -> Result<Gathered, OpError> {
    let (wanted, sources) = (wanted(&loaded.project), &loaded.project.secrets);
    let mut found = by_variable(&wanted, &context.variables);
    let own: BTreeMap<&str, &str> = lacking(&wanted, &found).filter_map(|name| Some((name, sources.commands.get(name)?.as_str()))).collect();
    let file = !lacking(&wanted, &found).all(|name| own.contains_key(name));
    let (told, kept) = tokio::try_join!(commands::ask(context, loaded, &own), from_file(context, loaded, file))?;
    found.extend(told);
    let kept = kept.into_iter().filter(|(name, _)| wanted.contains_key(name) && !found.contains_key(name)).collect::<Vec<_>>();
    found.extend(kept.into_iter().map(|(name, value)| (name, (in_file(context, loaded), value))));
    let rest = sources.command.iter().flat_map(|command| lacking(&wanted, &found).map(move |name| (name, command.as_str())));
    let rest: BTreeMap<&str, &str> = rest.collect();
    let told = commands::ask(context, loaded, &rest).await?;
    found.extend(told);
    let missing: BTreeSet<&str> = lacking(&wanted, &found).collect();
    if missing.is_empty() { Ok(gathered(&wanted, &found)) } else { Err(missing::absent(loaded, &wanted, &missing)) }
}

/// Which components of the project want each secret.
pub(crate) fn wanted(project: &Project) -> Wanted {
    let mut wanted = Wanted::new();
    for (component, found) in &project.components {
        if let Kind::Process(process) = &found.kind {
            for name in &process.secrets {
                wanted.entry(name.clone()).or_default().insert(component.clone());
            }
        }
    }
    wanted
}

/// How those who can read a file are told.
pub(crate) fn readers<'r>(recipients: impl IntoIterator<Item = &'r Recipient>) -> Vec<String> {
    recipients.into_iter().map(ToString::to_string).collect()
}

/// How the environment's file is told as a source.
pub(crate) fn in_file(context: &Context, loaded: &Loaded) -> SecretSource {
    SecretSource::File { file: VaultFile::of(&context.project, &loaded.project.environment.name).name() }
}

fn by_variable(wanted: &Wanted, variables: &BTreeMap<String, Secret<String>>) -> Found {
    let value = |name: &String| Some((name.clone(), (SecretSource::Variable, variables.get(name)?.clone())));
    wanted.keys().filter_map(value).collect()
}

fn lacking<'w>(wanted: &'w Wanted, found: &Found) -> impl Iterator<Item = &'w str> {
    wanted.keys().filter(|name| !found.contains_key(*name)).map(String::as_str)
}

async fn from_file(context: &Context, loaded: &Loaded, needed: bool) -> Result<Values, OpError> {
    if needed { Ok(opened(context, &loaded.project.environment.name).await?.document.values) } else { Ok(Values::new()) }
}

fn gathered(wanted: &Wanted, found: &Found) -> Gathered {
    let (mut values, mut views) = (SecretValues::default(), Vec::new());
    for (name, components) in wanted {
        let Some((source, value)) = found.get(name) else { continue };
        for component in components {
            values.0.entry(component.clone()).or_default().insert(name.clone(), value.clone());
        }
        views.push(SecretView { name: name.clone(), components: components.clone(), source: Some(source.clone()) });
    }
    Gathered { values, views }
}
