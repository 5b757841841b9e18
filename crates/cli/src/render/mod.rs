//! From outputs of operations to text for people. Pure; colours are taken out later where they are not wanted.

pub mod audit;
pub mod backups;
pub mod certs;
pub mod deployment;
pub mod error;
pub mod event;
pub mod facts;
pub mod finding;
pub mod history;
pub mod logs;
pub mod measure;
pub mod migrations;
pub mod plan;
pub mod secrets;
pub mod simulation;
pub mod snapshots;
pub mod status;
mod table;
pub mod tokens;
pub mod upgrade;

/// A rendered text as it reads without colours.
#[cfg(test)]
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
