//! Copies of backups in other places: made, told, and brought back to hosts that know nothing of them.

use plimsoll_api::{CopyAnswer, CopyQuery, CopyWork, FileKey, SecretValues};
use plimsoll_model::audit::Actor;
use plimsoll_model::copy::BackupCopy;
use plimsoll_model::manifest::project::{Component, Kind};
use plimsoll_model::plan::DatabaseAt;
use plimsoll_model::{BackupId, ComponentName, ConfigHash, Digest};

use super::{BackupView, Backups, chosen};
use crate::progress::telling;
use crate::{Exit, OpError, secrets};

impl Backups<'_> {
    /// The copies that there are, the oldest first.
    pub(crate) async fn copies(&self) -> Result<Vec<BackupCopy>, OpError> {
        let mut copies = Vec::new();
        for name in self.copied()? {
            copies.extend(self.elsewhere(name, CopyWork::List).await?.copies);
        }
        copies.sort_by(|one, other| (&one.id, &one.database).cmp(&(&other.id, &other.database)));
        Ok(copies)
    }

    /// Has each backup copied that counts and was not. Answers those that were; none where nothing is to be copied.
    pub(crate) async fn copy(&self) -> Result<Vec<BackupCopy>, OpError> {
        let mut copies = Vec::new();
        for name in self.copied().unwrap_or_default() {
            let what = format!("{name}: copying to {}", self.destination(name).unwrap_or_default());
            copies.extend(telling(self.progress, &what, self.elsewhere(name, CopyWork::Put)).await?.copies);
        }
        Ok(copies)
    }

    /// The backups that are called so, brought back from their copies where hosts have none.
    pub(crate) async fn found(&self, id: &BackupId) -> Result<Vec<BackupView>, OpError> {
        let all = self.list().await?;
        if self.copied().is_err() || all.iter().any(|view| view.backup.id == *id) {
            return chosen(all, id, &self.key);
        }
        self.fetch(id).await?;
        chosen(self.list().await?, id, &self.key)
    }

    /// Brings the copies of one back.
    pub(crate) async fn fetch(&self, id: &BackupId) -> Result<(), OpError> {
        let there = self.copies().await?;
        for copy in there.iter().filter(|copy| copy.id == *id) {
            let what = format!("{}: fetching {id} from {}", copy.database, self.destination(&copy.database).unwrap_or_default());
            let header = telling(self.progress, &what, self.elsewhere(&copy.database, CopyWork::Get { id: id.clone() })).await?.header;
            let key = match header {
                Some(header) => Some(FileKey(secrets::file_key(self.context, header, format!("the copy of backup {id}")).await?)),
                None => None,
            };
            let what = format!("{}: unpacking {id}", copy.database);
            telling(self.progress, &what, self.elsewhere(&copy.database, CopyWork::Unpack { id: id.clone(), key })).await?;
        }
        Ok(())
    }

    /// The databases whose backups are copied.
    pub(crate) fn copied(&self) -> Result<Vec<&ComponentName>, OpError> {
        let names: Vec<&ComponentName> = self.loaded.project.components.keys().filter(|name| self.destination(name).is_some()).collect();
        let none = || {
            let error = OpError::new(Exit::Manifest, "no-copies", format!("backups of {} are copied nowhere", self.key));
            error.with_help("docs/databases.md tells how `backups.copy` is written")
        };
        if names.is_empty() { Err(none()) } else { Ok(names) }
    }

    fn destination(&self, name: &ComponentName) -> Option<String> {
        let Kind::Database { copy, .. } = &self.loaded.project.components.get(name)?.kind else { return None };
        copy.as_ref().map(|spec| spec.to.to_string())
    }

    /// Has the host that looks after the database do it. What the host does not know, because nothing was deployed there yet, it is told.
    async fn elsewhere(&self, name: &ComponentName, work: CopyWork) -> Result<CopyAnswer, OpError> {
        let component = &self.loaded.project.components[name];
        let named = component.hosts.as_ref().and_then(|hosts| hosts.first()).unwrap_or(&self.fleet.home);
        let host = self.fleet.hosts.get(named).map_or_else(|| self.fleet.home(), |host| &**host);
        let (key, database, by) = (self.key.clone(), name.clone(), Actor::from(&self.context.holder));
        let query = CopyQuery { key, database, at: None, secrets: SecretValues::default(), work, by };
        match host.copies(query.clone()).await {
            Err(error) if error.to_failure().code == "nothing-deployed" => {
                let secrets = secrets::gather(self.context, &self.loaded, self.progress).await?.values;
                Ok(host.copies(CopyQuery { at: at(component), secrets, ..query }).await?)
            }
            answer => Ok(answer?),
        }
    }
}

/// How to get at a database that does not serve. The values of its secrets come with the question, so they belong to no configuration.
fn at(component: &Component) -> Option<DatabaseAt> {
    let Kind::Database { engine, location, copy, .. } = &component.kind else { return None };
    Some(DatabaseAt { engine: *engine, location: location.clone(), config: ConfigHash(Digest::of(b"")), copy: copy.clone() })
}
