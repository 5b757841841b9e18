//! Migrations and backups on real databases of each kind.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on has failed, and what it writes is gone with it")]

mod backups;
mod compared;
mod damage;
mod faults;
mod migrations;
mod rooms;
mod schemas;
mod stage;
