//! What a host does with real processes: keepers, the proxy, and the programs of slots.

#![expect(clippy::disallowed_methods, reason = "tests lay files out")]

mod routes;
mod scene;
mod slots;
mod upgrade;
