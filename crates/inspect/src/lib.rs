//! Inspections of a host: everything that could go wrong there, as findings with what to do about each.
//!
//! [`gather`] runs on the host itself and finds out what it is; the inspections (one file each in `inspections/`) judge that without any
//! I/O, where plimsoll was called. How the facts travel, and what stands in the way to the host, is left to `ops`.

mod case;
mod facts;
mod gather;
mod inspections;

pub use case::{Case, inspect};
pub use facts::{Asked, Audit, Daemon, Disk, Environment, Facts, Memory, Mode, Nginx, Survival, Systemd};
pub use gather::{Place, gather};
