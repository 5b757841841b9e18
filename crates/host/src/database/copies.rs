//! Copies of backups elsewhere: made of those that count, and brought back to where nothing is left of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, lchown};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use plimsoll_api::{CopyAnswer, CopyQuery, CopyWork, FileKey, HostError, SecretValues};
use plimsoll_model::audit::{Action, Deed, Ending};
use plimsoll_model::backup::Backup;
use plimsoll_model::copy::{BackupCopy, Copied, CopySpec};
use plimsoll_model::deployment::Failure;
use plimsoll_model::plan::DatabaseAt;
use plimsoll_model::time::Moment;
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey, Secret};
use plimsoll_offsite::{Store, header, pack, unpack};

use crate::audit;
use crate::folders::Folders;
use crate::host::Host;
use crate::trouble::Trouble;
use crate::world::World;

/// How the names of copies end: of one that everybody can read, and of an encrypted one.
const PLAIN: &str = ".tar";
const SEALED: &str = ".tar.age";
/// How long after its last change something was cut off for certain, in milliseconds.
const LEFT_OVER_MS: u64 = 86_400_000;

/// The copies of the backups of one database.
#[derive(Clone, Copy)]
pub struct Copying<'a> {
    /// Its environment.
    pub key: &'a EnvironmentKey,
    /// Its name.
    pub database: &'a ComponentName,
    /// What is wanted of them.
    pub spec: &'a CopySpec,
    /// The values of the secrets that this needs.
    pub secrets: &'a BTreeMap<String, Secret<String>>,
    /// The time.
    pub now: Moment,
}

/// Does what is asked. What was copied or brought back is on record.
pub(crate) async fn carry_out(host: &Host, query: CopyQuery) -> Result<CopyAnswer, HostError> {
    let CopyQuery { key, database, at, secrets, work, by } = query;
    let at = match at {
        Some(at) => at,
        None => serving(&host.world, &key, &database).await?,
    };
    let done = work_on(&host.world, (&key, &database), &at, &secrets, &work).await;
    let what = match &work {
        CopyWork::Put => done.as_ref().map_or(Some("copies".into()), told),
        CopyWork::Unpack { id, .. } => Some(format!("{id} from its copy")),
        CopyWork::List | CopyWork::Get { .. } => None,
    };
    if let Some(what) = what {
        let deed = Deed { environment: Some(key), note: Some(format!("{database}: {what}")), ..Deed::new(by, Action::Backup, Ending::Done) };
        let deed = match &done {
            Ok(_) => deed,
            Err(trouble) => Deed { outcome: Ending::Failed, ..deed }.because(trouble),
        };
        audit::tell(host, &deed).await;
    }
    done.map_err(|trouble| HostError::Failed(super::about(&database, trouble)))
}

/// Which copies were made; nothing where none was.
fn told(answer: &CopyAnswer) -> Option<String> {
    let ids: Vec<String> = answer.copies.iter().map(|copy| copy.id.to_string()).collect();
    (!ids.is_empty()).then(|| format!("copied {}", ids.join(", ")))
}

async fn serving(world: &World, key: &EnvironmentKey, database: &ComponentName) -> Result<DatabaseAt, HostError> {
    let rows = world.ledger.components(key).await.map_err(HostError::Internal)?;
    let served = rows.get(database).and_then(|row| row.served.as_ref()?.database());
    served.ok_or_else(|| HostError::Refused(Failure::new("nothing-deployed", format!("database {database} of {key} is not deployed here"))))
}

async fn work_on(
    world: &World,
    (key, database): (&EnvironmentKey, &ComponentName),
    at: &DatabaseAt,
    brought: &SecretValues,
    work: &CopyWork,
) -> Result<CopyAnswer, Trouble> {
    let none = || {
        let help = "write `backups = { copy = { to = \"sftp://…\" } }` into the environment, and deploy";
        Trouble::new("no-copies", format!("backups of {key} are copied nowhere")).with_help(help)
    };
    let spec = at.copy.as_ref().ok_or_else(none)?;
    let secrets = match brought.0.get(database) {
        Some(secrets) => secrets.clone(),
        None => world.secrets.read(key, database, &at.config).await?,
    };
    world.databases.copies(Copying { key, database, spec, secrets: &secrets, now: world.clock.now() }, work).await
}

/// When it was copied where copies go.
pub(super) fn copied(backup: &Backup, spec: &CopySpec) -> Option<Moment> {
    backup.copied.as_ref().filter(|copied| copied.to == spec.to).map(|copied| copied.at)
}

/// Whether one that counts was not copied yet.
pub(super) fn is_due(backups: &[Backup], spec: &CopySpec) -> bool {
    backups.iter().any(|backup| backup.counts() && copied(backup, spec).is_none())
}

/// The folders where copies are made and where it is noted that they were, which are root's alone: what lies in the folder of the backups, who
/// may write to the database may change.
pub(super) struct Shelf<'a> {
    of: Copying<'a>,
    /// The backups.
    room: PathBuf,
    /// What is packed and unpacked, and the notes.
    bench: PathBuf,
}

impl<'a> Shelf<'a> {
    pub fn of(folders: &Folders, of: Copying<'a>) -> Result<Self, Trouble> {
        let shelf = Self { of, room: folders.backups(of.key, of.database), bench: folders.copies(of.key, of.database) };
        DirBuilder::new().recursive(true).mode(0o700).create(&shelf.bench).map_err(|error| unusable(&shelf.bench, &error))?;
        Ok(shelf)
    }

    pub async fn carry_out(&self, work: &CopyWork) -> Result<CopyAnswer, Trouble> {
        let store = Store::new(self.of.spec, self.of.secrets, &self.bench)?;
        if let CopyWork::List = work {
            let copies = self.there(&store).await?.into_values().collect();
            return Ok(CopyAnswer { copies, header: None });
        }
        // Two that make copies would take each other's files away.
        let _turn = self.turn().await?;
        match work {
            CopyWork::List => Ok(CopyAnswer::default()),
            CopyWork::Put => Ok(CopyAnswer { copies: self.put(&store).await?, header: None }),
            CopyWork::Get { id } => Ok(CopyAnswer { copies: Vec::new(), header: self.get(&store, id).await? }),
            CopyWork::Unpack { id, key } => self.unpack(id, key.as_ref()).await.map(|()| CopyAnswer::default()),
        }
    }

    async fn put(&self, store: &Store) -> Result<Vec<BackupCopy>, Trouble> {
        let (room, database) = (self.room.clone(), self.of.database.clone());
        let backups = mark(&self.bench, aside(move || plimsoll_database::list(&room, &database)).await??);
        let mut made = Vec::new();
        for backup in backups.iter().filter(|backup| backup.counts() && copied(backup, self.of.spec).is_none()) {
            made.push(self.copy(store, &backup.id).await?);
        }
        self.tidy(&backups).map_err(|error| unusable(&self.bench, &error))?;
        if !made.is_empty() {
            self.prune(store).await?;
        }
        Ok(made)
    }

    /// Copies one, and notes that.
    async fn copy(&self, store: &Store, id: &BackupId) -> Result<BackupCopy, Trouble> {
        let encrypted = !self.of.spec.recipients.is_empty();
        let name = format!("{id}{}", if encrypted { SEALED } else { PLAIN });
        let (folder, file, recipients) = (self.room.join(id.as_str()), self.bench.join(&name), self.of.spec.recipients.clone());
        let packed = file.clone();
        aside(move || pack(&folder, &packed, &recipients)).await??;
        let bytes = fs::metadata(&file).map_err(|error| unusable(&file, &error))?.len();
        plimsoll_crashpoint::reach!("host: packed, not copied");
        let put = store.put(&self.folder(), &name, &file).await;
        let removed = fs::remove_file(&file);
        put?;
        removed.map_err(|error| unusable(&file, &error))?;
        plimsoll_crashpoint::reach!("host: copied, not noted");
        self.note(id)?;
        Ok(BackupCopy { id: id.clone(), database: self.of.database.clone(), bytes, encrypted })
    }

    /// Notes that it is there.
    fn note(&self, id: &BackupId) -> Result<(), Trouble> {
        let note = serde_json::to_vec(&Copied { at: self.of.now, to: self.of.spec.to.clone() }).expect("it has no maps");
        let path = noted(&self.bench, id);
        plimsoll_durable::replace(&path, &note).map_err(|error| unusable(&path, &error))
    }

    /// Deletes there all but the newest. A key that may not delete is a good one: whoever takes the host cannot take the copies with it.
    async fn prune(&self, store: &Store) -> Result<(), Trouble> {
        let there = self.there(store).await?;
        let surplus = there.len().saturating_sub(self.of.spec.keep as usize);
        for name in there.keys().take(surplus) {
            match store.delete(&self.folder(), name).await {
                Err(error) if error.is_denial() => {
                    tracing::info!(%error, "copies that nothing keeps stay where they are");
                    return Ok(());
                }
                deleted => deleted?,
            }
        }
        Ok(())
    }

    async fn get(&self, store: &Store, id: &BackupId) -> Result<Option<Vec<u8>>, Trouble> {
        let missing = || {
            let message = format!("{} has no copy of backup {id}", self.of.spec.to);
            Trouble::new("unknown-backup", message).with_help(format!("plimsoll backup copies {} tells what there is", self.of.key.environment))
        };
        let there = self.there(store).await?;
        let (name, _) = there.iter().find(|(_, copy)| copy.id == *id).ok_or_else(missing)?;
        let file = self.brought(id);
        store.get(&self.folder(), name, &file).await?;
        Ok(aside(move || header(&file)).await??)
    }

    async fn unpack(&self, id: &BackupId, key: Option<&FileKey>) -> Result<(), Trouble> {
        let (file, folder, place) = (self.brought(id), self.bench.join(format!("{id}.unpacked")), self.room.join(id.as_str()));
        if !place.exists() {
            let (file, folder, key) = (file.clone(), folder.clone(), key.map(|key| key.0.clone()));
            let unpacked = folder.clone();
            let ready = aside(move || gone(&unpacked).map(|()| unpack(&file, &unpacked, key.as_ref()))).await?;
            ready.map_err(|error| unusable(&folder, &error))??;
            plimsoll_database::check(&folder).await?;
            plimsoll_crashpoint::reach!("host: unpacked, not a backup");
            // Where it came from, it need not go.
            self.note(id)?;
            shelve(&folder, &self.room, &place).map_err(|error| unusable(&place, &error))?;
        }
        fs::remove_file(&file).or_else(absent).map_err(|error| unusable(&file, &error))
    }

    /// The copies that are there, by their names: the oldest first.
    async fn there(&self, store: &Store) -> Result<BTreeMap<String, BackupCopy>, Trouble> {
        let copy = |object: plimsoll_offsite::Object| {
            let (id, encrypted) = match (object.name.strip_suffix(SEALED), object.name.strip_suffix(PLAIN)) {
                (Some(id), _) => (id, true),
                (None, Some(id)) => (id, false),
                (None, None) => return None,
            };
            let copy = BackupCopy { id: BackupId::new(id).ok()?, database: self.of.database.clone(), bytes: object.bytes, encrypted };
            Some((object.name, copy))
        };
        Ok(store.list(&self.folder()).await?.into_iter().filter_map(copy).collect())
    }

    /// Deletes the notes of backups that are no more, and what was cut off long ago.
    fn tidy(&self, backups: &[Backup]) -> io::Result<()> {
        let notes: BTreeSet<PathBuf> = backups.iter().map(|backup| noted(&self.bench, &backup.id)).collect();
        for entry in fs::read_dir(&self.bench)? {
            let (path, about) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
            let is_note = path.extension().is_some_and(|extension| extension == "json");
            let changed = about.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let is_old = self.of.now.since(Moment(i64::try_from(changed.as_millis()).unwrap_or(i64::MAX))) > LEFT_OVER_MS;
            match is_note {
                true if !notes.contains(&path) => fs::remove_file(path)?,
                false if is_old && about.is_dir() => fs::remove_dir_all(path)?,
                false if is_old => fs::remove_file(path)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn folder(&self) -> String {
        self.of.spec.to.folder_of(self.of.key, self.of.database)
    }

    fn brought(&self, id: &BackupId) -> PathBuf {
        self.bench.join(format!("{id}.brought"))
    }

    async fn turn(&self) -> Result<File, Trouble> {
        let bench = self.bench.clone();
        let locked = aside(move || {
            let folder = File::open(&bench)?;
            folder.lock().map(|()| folder)
        });
        locked.await?.map_err(|error| unusable(&self.bench, &error))
    }
}

/// The backups, each with what is noted of its copy.
pub(super) fn mark(bench: &Path, mut backups: Vec<Backup>) -> Vec<Backup> {
    for backup in &mut backups {
        let note = fs::read(noted(bench, &backup.id)).ok();
        backup.copied = note.and_then(|note| serde_json::from_slice(&note).ok());
    }
    backups
}

fn noted(bench: &Path, id: &BackupId) -> PathBuf {
    bench.join(format!("{id}.json"))
}

/// Puts a folder that is whole where backups are, and gives it to whom those belong.
fn shelve(folder: &Path, room: &Path, place: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(room)?;
    let owner = fs::symlink_metadata(room)?;
    for entry in fs::read_dir(folder)? {
        lchown(entry?.path(), Some(owner.uid()), Some(owner.gid()))?;
    }
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    lchown(folder, Some(owner.uid()), Some(owner.gid()))?;
    File::open(folder)?.sync_all()?;
    fs::rename(folder, place)?;
    File::open(room)?.sync_all()
}

fn gone(folder: &Path) -> io::Result<()> {
    fs::remove_dir_all(folder).or_else(absent)
}

fn absent(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Work that waits for the disk.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Trouble::new("bug", format!("work on copies broke off: {error}")))
}

fn unusable(path: &Path, error: &io::Error) -> Trouble {
    Trouble::new("copy-file", format!("cannot use {}: {error}", path.display())).with_help("see that the host's disk has space")
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
mod tests {
    use std::time::Duration;

    use plimsoll_model::copy::{Access, Destination};

    use super::*;

    #[test]
    fn notes_go_with_their_backups_and_what_was_cut_off_goes_when_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let key = EnvironmentKey { project: "shop".parse().unwrap(), environment: "dev".parse().unwrap() };
        let (database, secrets) = ("main".parse().unwrap(), BTreeMap::new());
        let to = Destination::new("sftp://keeper@nas.example/srv").unwrap();
        let access = Access::Sftp { ssh_key: "KEY".into(), host_key: String::new() };
        let spec = CopySpec { to, access, recipients: Vec::new(), keep: 1 };
        let now = Moment(1_000_000_000_000);
        let shelf = Shelf::of(&Folders::new(folder.path()), Copying { key: &key, database: &database, spec: &spec, secrets: &secrets, now }).unwrap();
        let aged = |name: &str, ms: u64| {
            let path = shelf.bench.join(name);
            fs::write(&path, "").unwrap();
            let at = SystemTime::UNIX_EPOCH + Duration::from_millis(now.0.unsigned_abs() - ms);
            File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
        };
        let (new, old) = (60_000, LEFT_OVER_MS + 1);
        for (name, ms) in [("b1.json", old), ("b2.json", new), ("b3.tar", old), ("b4.tar.age", new), ("b5.brought", old), ("b6.brought", new)] {
            aged(name, ms);
        }
        let kept = Backup { id: "b1".parse().unwrap(), database: database.clone(), content: None, verified_at: None, trouble: None, copied: None };
        shelf.tidy(&[kept]).unwrap();
        let mut left: Vec<String> =
            fs::read_dir(&shelf.bench).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        left.sort();
        assert_eq!(left, ["b1.json", "b4.tar.age", "b6.brought"]);
    }
}
