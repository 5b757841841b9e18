//! For tests only: the probe, fixtures, arbitrary values, hosts in memory, and what every host has to do.

#![expect(clippy::disallowed_methods, reason = "tests lay files out and start programs")]

pub mod arbitrary;
pub mod conformance;
pub mod fixtures;
pub mod probe;

pub use plimsoll_world as world;
