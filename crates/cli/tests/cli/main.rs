//! The command line as it is seen from outside: the real binary, in a home of its own, without a terminal.
//!
//! What needs a host is tested end to end elsewhere.

#![expect(clippy::disallowed_methods, reason = "tests lay files out")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod completions;
mod manifest;
mod mcp_install;
mod project;
mod usage;
