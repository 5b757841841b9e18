//! Migrations as files and as SQL: which ones a folder holds, and what each would do to a database that is in use.
//!
//! Everything here is judgement over text. How one talks to a database, when a migration runs and who may run it is left to others.

mod beyond;
mod folder;
mod lint;
mod reference;
mod script;
mod sql;

pub use beyond::beyond;
pub use folder::{Fresh, FreshError, fresh, load, read};
pub use lint::{Example, Existing, GROUND, Harm, NOTICES, Notice, RULES, Rule, lint, takes_others};
pub use reference::reference;
pub use script::{Pair, Script};
