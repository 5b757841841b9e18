//! What every implementation of [`plimsoll_api::HostApi`] has to do: the same cases against the simulated, the real and the remote host, so that the simulation stays true.
//!
//! A [`Case`] says what the documentation of `HostApi` promises, in terms of that trait alone. What cannot be said so (a release that
//! never gets healthy, the host process killed, a request to a route) a [`Stage`] lets happen, each implementation in its own way.
//! How cases are chosen and run is left to whoever plays them.

mod cases;
mod program;
mod scene;
pub mod stage;
mod wanted;

use std::pin::Pin;

pub use cases::all;
pub use program::{Behaviour, Program};
pub use scene::Scene;
pub use stage::Stage;

/// One promise, and how it is tried.
#[derive(Clone, Copy)]
pub struct Case {
    /// What it is about: the file that it stands in.
    pub topic: &'static str,
    /// What is promised.
    pub name: &'static str,
    /// Tries it, and panics when it is not kept.
    pub play: for<'a> fn(&'a Scene) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
}
