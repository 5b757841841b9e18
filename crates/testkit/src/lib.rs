//! For tests only: the probe, fixtures, and hosts in memory.

pub mod fixtures;
pub mod probe;
