//! Databases on the server of another one that are there only to try something, and are dropped again.
//!
//! Their maker holds a lock of the server that is called as they are, so one whose maker is gone is told by its lock being free: who makes the
//! next one drops it.

pub(crate) mod mysql;
pub(crate) mod postgres;

use std::hash::{BuildHasher, Hasher};

/// How the names of all of them begin; 16 hexadecimal digits follow.
const PREFIX: &str = "plimsoll_verify_";

/// A number that no other one has, and the name that goes with it.
fn name() -> (u64, String) {
    let number = random();
    (number, format!("{PREFIX}{number:016x}"))
}

/// From the one source of randomness that needs no other crate: the keys of a map.
pub(crate) fn random() -> u64 {
    std::hash::RandomState::new().build_hasher().finish()
}
