//! For tests only: the probe, fixtures, arbitrary values, and hosts in memory.

#![expect(clippy::disallowed_methods, reason = "tests lay files out and start programs")]

pub mod arbitrary;
pub mod fixtures;
pub mod probe;
pub mod world;
