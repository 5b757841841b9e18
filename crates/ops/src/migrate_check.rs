//! Tells whether databases have the schemas that their migrations give: what was changed by hand, or never was as its files say.

use std::collections::BTreeMap;

use plimsoll_api::SchemaQuery;
use plimsoll_model::database::Compared;
use plimsoll_model::finding::Finding;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName, HostName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::migrating::numbered;
use crate::workbench::until_cancelled;
use crate::{Context, Event, Exit, OpError, Progress, backups, hosts, project};

/// Of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
}

/// Databases beside their migrations. Where something differs it is an error, with the same in its details.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// What was found of each database.
    pub databases: BTreeMap<ComponentName, Checked>,
}

/// A database beside its migrations.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Checked {
    /// The host that looks after it.
    pub host: HostName,
    /// Each difference.
    #[serde(flatten)]
    pub compared: Compared,
}

/// Has hosts apply the migrations that a database has to a scratch database, and compare the schemas of both. The database is not changed.
///
/// # Errors
/// Nothing is deployed, a host or a database cannot be reached, the migrations cannot be repeated, or something differs: the error's findings say what.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let loaded = numbered(project::load(context, &input.environment)?, input.database.as_ref())?;
    let key = loaded.key();
    let fleet = hosts::connect_existing(context, &loaded.project).await?.ok_or_else(|| backups::nothing(&key))?;
    let _ = progress.send(Event::Notice { message: format!("repeating the migrations of {key} on scratch databases") });
    let query = SchemaQuery { key: key.clone(), database: input.database };
    let each = until_cancelled(context, async { Ok(fleet.all(|_, host| host.schemas(query.clone())).await) }).await?;
    let mut databases = BTreeMap::new();
    for (host, found) in each {
        databases.extend(found?.into_iter().map(|(name, compared)| (name, Checked { host: host.clone(), compared })));
    }
    if databases.is_empty() { Err(backups::nothing(&key)) } else { judged(Output { key, databases }) }
}

fn judged(output: Output) -> Result<Output, OpError> {
    let findings: Vec<Finding> = output.databases.iter().flat_map(|(name, checked)| checked.compared.findings(name)).collect();
    if findings.is_empty() {
        return Ok(output);
    }
    let differing: Vec<&str> =
        output.databases.iter().filter(|(_, checked)| !checked.compared.changes.is_empty()).map(|(name, _)| name.as_str()).collect();
    let message = format!("the schema of {} in {} is not what its migrations give", differing.join(" and "), output.key);
    let details = serde_json::to_value(&output).expect("it is made of strings, numbers and maps with string keys");
    let error = OpError::new(Exit::NeedsPerson, "schema-differs", message);
    let error = error.with_help(format!("see to each finding, then run it again: plimsoll migrate check {}", output.key.environment));
    Err(OpError { findings, details: Some(details), ..error })
}
