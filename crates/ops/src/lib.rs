//! One use case per file: what every surface calls.
//!
//! An operation takes typed input and gives typed output, tells its progress as events, and fails with an [`OpError`]
//! that knows its exit code. Nothing here prints, asks, or reads the environment: the surface puts all of that into a [`Context`].

mod context;
mod error;
mod progress;

pub use context::Context;
pub use error::{Exit, OpError};
pub use progress::{Event, Progress};
