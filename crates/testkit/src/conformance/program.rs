//! What the slots of a case run.

use plimsoll_model::{Digest, ReleaseId};

/// How a program behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It answers.
    Serves,
    /// It runs, and never answers.
    Hangs,
    /// It ends at once.
    Exits,
}

/// A version of a program, and how it behaves. Each is a release of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// What it answers requests with, and says when it starts.
    pub version: &'static str,
    /// How it behaves.
    pub behaviour: Behaviour,
}

impl Program {
    /// One that serves.
    #[must_use]
    pub const fn serves(version: &'static str) -> Self {
        Self { version, behaviour: Behaviour::Serves }
    }

    /// One that runs, and never answers.
    #[must_use]
    pub const fn hangs(version: &'static str) -> Self {
        Self { version, behaviour: Behaviour::Hangs }
    }

    /// One that ends at once.
    #[must_use]
    pub const fn exits(version: &'static str) -> Self {
        Self { version, behaviour: Behaviour::Exits }
    }

    /// The name of its release.
    #[must_use]
    pub fn release(&self) -> ReleaseId {
        ReleaseId(Digest::of(self.text().as_bytes()))
    }

    /// The one file of its release: what the program for tests reads, `service.txt`.
    #[must_use]
    pub fn text(&self) -> String {
        let behaviour = match self.behaviour {
            Behaviour::Serves => "",
            Behaviour::Hangs => " hangs",
            Behaviour::Exits => " exits",
        };
        format!("{}{behaviour}", self.version)
    }

    /// What it prints when it starts.
    #[must_use]
    pub fn words(&self) -> String {
        format!("version {} starts", self.version)
    }
}
