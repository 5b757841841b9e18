//! The road from source to releases, on real folders and real git repositories.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "tests lay files out and start programs")]

mod building;
mod commands;
mod kept;
mod naming;
mod packing;
mod source;
mod values;
mod world;
