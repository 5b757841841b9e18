//! Real keepers with real programs: each test has a folder of its own, and waits for what programs and keepers say.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "tests lay out files and start what starts keepers")]

mod life;
mod program;
mod replace;
mod scene;
mod sockets;
mod stop;
