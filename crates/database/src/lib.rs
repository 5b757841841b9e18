//! How one talks to a database: which migrations it has, applying and undoing one.
//!
//! SQLite, PostgreSQL, and MySQL or MariaDB. What is to be done, in which order and when, is left to those who plan; so are the files that
//! migrations come from.

mod connect;
mod fault;
mod judge;
mod line;
mod migrate;
mod place;

pub use fault::{DatabaseError, Fault, Step};
pub use migrate::{Script, applied, down, up};
pub use place::Place;
