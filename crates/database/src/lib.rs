//! How one talks to a database: its migrations, its schema, and its backups.
//!
//! SQLite, PostgreSQL, and MySQL or MariaDB. What is to be done, in which order and when, is left to those who plan; so are the files that
//! migrations come from.

mod backup;
mod compare;
mod connect;
mod fault;
mod judge;
mod line;
mod migrate;
mod neighbours;
mod place;
mod schema;
mod scratch;

pub use backup::{BackupError, DataFile, Manifest, back_up, begin_with, check, list, prune, restore, sweep, verify};
pub use compare::{CompareError, compare};
pub use fault::{DatabaseError, Fault, Step};
pub use migrate::{Script, applied, down, up};
pub use neighbours::neighbours;
pub use place::Place;
pub use schema::schema;
