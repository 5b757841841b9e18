//! Files of secrets, written and opened with real keys of each kind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod opening;
mod scene;
mod writing;
