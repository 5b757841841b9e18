//! What `pg_dump` has written, and how `pg_restore` is fed with it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use plimsoll_model::backup::Tables;

use super::{PACKAGE, login, objects};
use crate::backup::error::BackupError;
use crate::backup::folder::Unfinished;
use crate::backup::scratch_in;
use crate::backup::tool::Tool;
use crate::place::Place;

/// How many programs put rows into tables side by side: as many as the server can well spare while others use it.
const SIDE_BY_SIDE: usize = 2;

/// The data of a backup, to be loaded into one database of a server.
pub(super) struct Archive<'a> {
    data: &'a Path,
    place: &'a Place,
    database: &'a str,
    /// The table of its contents, but for what [`objects::make_ready`] has made.
    contents: String,
    /// Where lists of what is to be loaded lie.
    folder: Unfinished,
}

impl<'a> Archive<'a> {
    /// Reads what is in it.
    pub async fn of(data: &'a Path, place: &'a Place, database: &'a str) -> Result<Self, BackupError> {
        let contents = Tool::new("pg_restore", PACKAGE, place).args(["--list"]).answer(data).await?;
        // Its path has to be a whole one: the program goes elsewhere to find itself, and cannot always come back.
        let folder = scratch_in(&std::env::temp_dir())?;
        Ok(Self { data, place, database, contents: objects::to_restore(&contents), folder })
    }

    /// Loads a section of it that has no rows. Owners and rights are of roles, which are no part of a database.
    pub async fn load(&self, section: &str) -> Result<(), BackupError> {
        self.load_part(section, section, &self.contents).await
    }

    /// Loads the rows of all tables, which are known by their sums. Each program reads all of it and takes its part.
    pub async fn load_rows(&self, tables: &Tables) -> Result<(), BackupError> {
        let parts = objects::dealt(&self.contents, tables, SIDE_BY_SIDE);
        let loaded = parts.iter().enumerate().map(|(number, part)| async move { self.load_part("data", &format!("rows-{number}"), part).await });
        futures_util::future::try_join_all(loaded).await.map(drop)
    }

    async fn load_part(&self, section: &str, name: &str, entries: &str) -> Result<(), BackupError> {
        let tool = self.tool(&self.list(name, entries)?)?.args(["--no-owner", "--no-privileges", "--section", section]);
        // It ends when it has read its part. What it would miss, it says itself.
        tool.answer(self.data).await.map(drop)
    }

    /// Puts all of it in the place of what there is, in one transaction.
    pub async fn put_back(&self) -> Result<(), BackupError> {
        let list = self.list("all", &self.contents)?;
        self.tool(&list)?.args(["--clean", "--if-exists", "--single-transaction"]).fed_from(self.data).await
    }

    /// A file with a list.
    fn list(&self, name: &str, entries: &str) -> Result<PathBuf, BackupError> {
        let list = self.folder.path().join(name);
        plimsoll_durable::replace_until_reboot(&list, entries.as_bytes()).map_err(|error| BackupError::file(&list, &error))?;
        Ok(list)
    }

    fn tool(&self, list: &Path) -> Result<Tool<'a>, BackupError> {
        let tool = Tool::new("pg_restore", PACKAGE, self.place).args(["--exit-on-error", "--no-password", "--dbname", self.database]);
        Ok(tool.args([OsStr::new("--use-list"), list.as_os_str()]).envs(login::environment(self.place, Some(self.database))?))
    }
}
