//! Databases to be migrated, one of each kind, and a door in a script at which it waits.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use plimsoll_database::{Place, Script};
use plimsoll_model::Secret;
use plimsoll_model::database::DatabaseKind;
use plimsoll_testkit::fixtures::{Mariadb, Postgres};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

/// A server, or the folder of a file.
pub enum Stage {
    Sqlite(TempDir),
    Postgres(Postgres),
    Mysql(Mariadb),
}

impl Stage {
    /// One of each kind.
    pub fn all() -> [Self; 3] {
        [Self::Sqlite(tempfile::tempdir().unwrap()), Self::Postgres(Postgres::new()), Self::Mysql(Mariadb::new())]
    }

    /// An empty database of this name.
    pub fn place(&self, name: &str) -> Place {
        match self {
            Self::Sqlite(folder) => at(DatabaseKind::Sqlite, &format!("sqlite://{}/{name}.db", folder.path().display())),
            Self::Postgres(server) => at(DatabaseKind::Postgres, &server.database(name)),
            Self::Mysql(server) => at(DatabaseKind::Mysql, &server.database(name)),
        }
    }
}

/// A place by its URL.
pub fn at(kind: DatabaseKind, url: &str) -> Place {
    Place { kind, url: Secret::new(url.to_owned()) }
}

/// A script that runs in a transaction.
pub fn script(version: i64, up: &str) -> Script {
    Script { version, description: format!("number {version}"), up: up.to_owned(), transactional: true }
}

/// A pipe that a server opens in the middle of a script.
pub struct Door(PathBuf);

impl Door {
    /// A door in this folder, open to everybody.
    pub fn new(folder: &Path) -> Self {
        let path = folder.join("door");
        mknodat(CWD, &path, FileType::Fifo, Mode::from(0o666), 0).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        Self(path)
    }

    /// What makes `PostgreSQL` open it, and then wait for much longer than any test.
    pub fn opened(&self) -> String {
        format!("COPY (SELECT 1) TO '{}'; SELECT pg_sleep(600);", self.0.display())
    }

    /// Returns when it has been opened.
    pub async fn wait(&self) {
        let path = self.0.clone();
        tokio::task::spawn_blocking(move || std::fs::File::open(path).unwrap().read_to_end(&mut Vec::new()).unwrap()).await.unwrap();
    }
}
