//! Whole machines, reached by SSH: those that `cargo xtask hosts up 4` starts, which `cargo xtask test` does by itself. Each test has logins of
//! its own on them, without any rights beside those of every login. The fourth is for tests that disturb it; the
//! first three serve all at once; those from the fifth on are set up as wholes, and tests of them take turns.

#![expect(clippy::disallowed_methods, reason = "tests lay files out and start programs")]

#[path = "../suite/ask.rs"]
mod ask;
mod crew;
mod cut;
mod databases;
mod doctor;
mod faults;
mod fleet;
mod keys;
mod one_host;
mod project;
mod provision;
mod provisioned;
mod rights;
mod rolling;
#[path = "../suite/running.rs"]
#[expect(dead_code, reason = "these tests need a part of it")]
mod running;
mod shop;
mod system;
mod systemd;
mod tools;
