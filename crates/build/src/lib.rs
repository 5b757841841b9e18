//! From source to releases, on the operator's machine: choosing, checking out, naming, building, testing, packing.
//!
//! The road is: [`source::resolve`] chooses a commit or the work tree, [`Sources::open`] makes the folder that it
//! is built in, [`name::Contents`] names the releases without building them, [`build::build_all`] builds what is not
//! in the [`Cache`], [`test::run`] and [`hooks::run`] run the project's own commands. Nothing here prints: what
//! happens is told in [`BuildEvent`]s. Sending releases to hosts is left to others.

mod blocking;
pub mod build;
pub mod cache;
mod checkout;
mod durable;
pub mod error;
pub mod event;
pub mod failure;
mod gather;
mod git;
mod group;
mod hash;
pub mod hooks;
mod inventory;
mod lines;
mod links;
mod listing;
mod lock;
pub mod name;
mod process;
mod record;
mod refs;
mod schedule;
mod script;
pub mod source;
mod store;
pub mod test;
pub mod tree;
pub mod value;
pub mod workshop;

pub use build::{Order, build_all};
pub use cache::Cache;
pub use error::BuildError;
pub use event::{BuildEvent, Notify, Task};
pub use source::{Chosen, Place, Wanted};
pub use store::Packed;
pub use test::Tests;
pub use tree::Sources;
pub use workshop::Workshop;
