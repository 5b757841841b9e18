//! Asking for a yes before an environment that wants one is changed.

use async_trait::async_trait;

use crate::PlanView;
use crate::restoring::Loss;

/// Whoever can say yes to a plan: a person at a terminal, or what was said beforehand.
#[async_trait]
pub trait Approve: Send + Sync {
    /// Whether just this plan may be carried out. Only asked where the environment wants a yes and the caller did not name the
    /// plan by its hash.
    async fn approve(&self, plan: &PlanView) -> bool;

    /// Whether what was written to databases since their backups may be lost.
    async fn approve_loss(&self, losses: &[Loss]) -> bool;

    /// Whether every plan must have been named by its hash, whatever the environment wants: an agent carries out what it has seen, and nothing else.
    fn must_have_seen(&self) -> bool {
        false
    }
}

/// Says yes to every plan: it was said beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Always;

/// Says no to every plan: nobody can be asked.
#[derive(Debug, Clone, Copy)]
pub struct Never;

#[async_trait]
impl Approve for Always {
    async fn approve(&self, _: &PlanView) -> bool {
        true
    }

    async fn approve_loss(&self, _: &[Loss]) -> bool {
        true
    }
}

#[async_trait]
impl Approve for Never {
    async fn approve(&self, _: &PlanView) -> bool {
        false
    }

    async fn approve_loss(&self, _: &[Loss]) -> bool {
        false
    }
}
