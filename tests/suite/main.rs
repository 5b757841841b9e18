//! End to end: the real binary, real processes, real requests. One file for each topic, beside what all of them stand on.

#![expect(clippy::disallowed_methods, reason = "tests lay files out and start programs")]

mod acme;
mod approvals;
mod ask;
mod audit;
mod backups;
mod bad_input;
mod bad_release;
mod copies;
mod ctrl_c;
mod daemon;
mod data;
mod databases;
mod down;
mod every_command;
mod first_deploy;
mod git;
mod guestbook;
mod hooks;
mod json;
mod keepers;
mod killed;
mod levels;
mod mcp;
mod nginx;
mod outside;
mod partial;
mod project;
mod proxy;
mod rollback;
mod run_logs;
mod running;
mod secrets;
mod simulate;
mod switch;
mod tls;
mod tools;
mod traffic;
mod twice;
mod unchanged;
mod unusable_home;
mod upgrade;
mod vault;
