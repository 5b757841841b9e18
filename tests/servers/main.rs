//! Whole machines, reached by SSH: those that `cargo xtask hosts up 4` starts, which `cargo xtask test` does by itself. Each test has logins of
//! its own on them, without any rights beside those of every login; on the third there is also a host of root, for one test at a time. The fourth
//! is for tests that disturb it; the others serve all at once.

#![expect(clippy::disallowed_methods, reason = "tests lay files out and start programs")]

#[path = "../suite/ask.rs"]
mod ask;
mod crew;
mod cut;
mod faults;
mod fleet;
mod one_host;
mod project;
#[path = "../suite/running.rs"]
#[expect(dead_code, reason = "these tests need a part of it")]
mod running;
mod system;
mod systemd;
