//! From text to [`project::Project`]: reading, judging, describing and guessing the manifest.
//!
//! One table (`keys`) names every key, its shape, its default and what it is for. The reader (`walk`), the
//! published schema ([`schema()`]) and the reference ([`reference()`]) all follow it, so they cannot say different things.
//! Nothing here touches a disk: what needs the project's folder asks a [`Tree`]. Its implementation for a real
//! folder belongs to the use cases, and showing findings to people belongs to the command line.

mod assemble;
mod component;
mod copies;
mod database;
mod desired;
mod document;
mod draft;
mod environment;
mod fit;
mod graph;
mod guess;
mod keys;
mod merge;
mod placement;
pub mod project;
mod quantity;
mod read;
mod reference;
mod report;
mod routes;
mod rules;
mod schema;
mod secrets;
mod section;
mod shape;
mod suggest;
mod tls;
mod tree;
mod value;
mod walk;

#[cfg(test)]
mod tests;

pub use desired::Known;
pub use guess::{Guess, guess};
pub use quantity::millis;
pub use read::{MAX_BYTES, environments, judge, read};
pub use reference::reference;
pub use schema::schema;
pub use secrets::{BadName, judge_secret_name, missing_secrets};
pub use tls::placed;
pub use tree::{EntryKind, Tree, judge_tree};
