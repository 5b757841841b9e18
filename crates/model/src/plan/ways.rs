//! What leads each database to the migrations that it shall have: ours, one by one, a tool of the project's own, or the data of a backup.

use std::collections::{BTreeMap, BTreeSet};

use super::schema::{self, Held};
use super::{Desired, DesiredComponent, Move, Observed, PlanError, SchemaTrouble, Terms, ToolRun, own};
use crate::database::Direction;
use crate::{BackupId, ComponentName, HostName};

/// What leads each database to the migrations that it shall have.
pub(super) type Ways<'a> = BTreeMap<&'a ComponentName, Way>;

/// What leads one there: migrations, the project's own tool, or a backup that is put back.
#[derive(Debug, Default)]
pub(super) struct Way {
    pub(super) moves: Vec<Move>,
    pub(super) run: Option<ToolRun>,
    pub(super) put_back: Option<BackupId>,
}

impl Way {
    /// Whether something is applied.
    fn leads_up(&self) -> bool {
        let mut directions = self.moves.iter().map(|one| one.direction).chain(self.run.iter().map(|run| run.direction));
        directions.any(|direction| direction == Direction::Up)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.moves.is_empty() && self.run.is_none() && self.put_back.is_none()
    }
}

/// Leaves a database at its release whose own tool has nothing to do: another one of the component that the tool belongs to is no change to it.
pub(super) fn stay(desired: &mut Desired, hosts: &BTreeMap<HostName, Observed>) {
    for (name, wanted) in &mut desired.components {
        let serving = hosts.iter().filter(|(host, _)| wanted.is_for(host)).find_map(|(_, seen)| seen.components.get(name)?.served.as_ref());
        if let Some(served) = serving.filter(|served| wanted.tool().is_some() && served.config == wanted.config()) {
            wanted.release = served.release;
        }
    }
}

/// The components that are stopped while nothing may be written into a database, as it is migrated so, or has its data put back: those that depend
/// on it.
pub(super) fn stopped<'a>(desired: &'a Desired, ways: &Ways<'_>) -> BTreeSet<&'a ComponentName> {
    let is_exclusive =
        |name: &ComponentName| desired.components.get(name).is_some_and(|found| found.kind.database().is_some_and(|spec| spec.exclusive));
    let is_closed = |name: &ComponentName, way: &Way| way.put_back.is_some() || (way.leads_up() && is_exclusive(name));
    let databases: BTreeSet<&ComponentName> = ways.iter().filter(|(name, way)| is_closed(name, way)).map(|(name, _)| *name).collect();
    let uses = |wanted: &DesiredComponent| wanted.kind.database().is_none() && wanted.depends_on.iter().any(|need| databases.contains(need));
    desired.components.iter().filter(|(_, wanted)| uses(wanted)).map(|(name, _)| name).collect()
}

/// Finds what leads each of them there.
///
/// # Errors
/// There is no way.
pub(super) fn ways<'a>(desired: &'a Desired, hosts: &BTreeMap<HostName, Observed>, terms: &Terms) -> Result<Ways<'a>, PlanError> {
    let mut ways = Ways::new();
    for (name, wanted) in &desired.components {
        let Some(spec) = wanted.kind.database() else { continue };
        for seen in hosts.iter().filter(|(host, _)| wanted.is_for(host)).map(|(_, seen)| seen) {
            let served = seen.components.get(name).and_then(|seen| seen.served.as_ref());
            let applied = seen.databases.get(name).map_or(&[][..], Vec::as_slice);
            let applied = match terms.restore.get(name) {
                Some(_) if !applied.is_empty() || served.is_some() => return Err(PlanError::Occupied { database: name.clone() }),
                Some((_, brought)) => brought,
                None => applied,
            };
            let held = Held { migrations: &spec.migrations, release: wanted.release };
            let found = match &spec.own {
                Some(own) => own::run(own, wanted, served, &terms.intent).map(|run| Way { run, ..Way::default() }),
                None => schema::moves(held, served.and_then(Held::served), applied, &terms.intent).map(|moves| Way { moves, ..Way::default() }),
            };
            let way = match (found, terms.put_back.get(name)) {
                (Err(SchemaTrouble::Irreversible(_) | SchemaTrouble::OneWay), Some(backup)) => {
                    Way { put_back: Some(backup.clone()), ..Way::default() }
                }
                (found, _) => found.map_err(|trouble| PlanError::Schema { database: name.clone(), trouble })?,
            };
            ways.insert(name, way);
        }
    }
    Ok(ways)
}
