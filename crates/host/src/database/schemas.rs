//! The databases that serve, beside the schemas that their migrations give.

use std::collections::BTreeMap;

use plimsoll_api::{HostError, SchemaQuery, SecretValues};
use plimsoll_model::ComponentName;
use plimsoll_model::database::Compared;
use plimsoll_model::plan::{Served, Target};

use super::{Room, about, backups, place};
use crate::host::Host;
use crate::trouble::Trouble;

/// Compares those that the question is about, one after the other: each with the files of the release that is on record for it.
pub(crate) async fn compare(host: &Host, query: SchemaQuery) -> Result<BTreeMap<ComponentName, Compared>, HostError> {
    // What is on record is not yet, or not any more, what it has then.
    if host.opened(&query.key).await.is_some() {
        return Err(backups::under_way(&query.key));
    }
    let rows = host.world.ledger.components(&query.key).await.map_err(HostError::Internal)?;
    let mut compared = BTreeMap::new();
    for (name, row) in rows {
        let Some(served) = row.served.filter(|_| query.database.as_ref().is_none_or(|wanted| *wanted == name)) else { continue };
        let found = one(host, &query, &name, &served).await.map_err(|trouble| HostError::Failed(about(&name, trouble)))?;
        compared.extend(found.map(|found| (name, found)));
    }
    Ok(compared)
}

/// Nothing for what is no database.
async fn one(host: &Host, query: &SchemaQuery, name: &ComponentName, served: &Served) -> Result<Option<Compared>, Trouble> {
    let (Some(at), Target::Database { migrations, .. }) = (served.database(), &served.target) else { return Ok(None) };
    let (key, world) = (&query.key, &host.world);
    let place = &place(world, key, name, &at, &SecretValues::default()).await?;
    let folder = world.releases.folder(key, name, &served.release);
    world.databases.compare(Room { key, database: name, place }, &folder, migrations).await.map(Some)
}
