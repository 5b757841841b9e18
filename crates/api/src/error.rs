//! What a host answers when it does not do what it was asked.

use plimsoll_model::deployment::{Failure, Holder};
use plimsoll_model::{DeploymentId, HostName};
use serde::{Deserialize, Serialize};

/// Why a host did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "error", content = "details", rename_all = "snake_case")]
pub enum HostError {
    /// The host did not answer, or the connection broke: whether it did anything is not known.
    #[error("{host} cannot be reached: {why}")]
    Unreachable {
        /// The host.
        host: HostName,
        /// Stable name of what happened.
        code: String,
        /// What happened.
        why: String,
        /// What to do next.
        help: String,
    },
    /// There is no way to the host, nothing was asked of it, and waiting makes no way: who it is, who we are, or what it lacks stands against it.
    #[error("{host} cannot be used: {failure}")]
    Barred {
        /// The host.
        host: HostName,
        /// Why.
        failure: Failure,
    },
    /// Someone else's deployment is under way.
    #[error("deployment {id} of {holder} is under way")]
    LeaseHeld {
        /// That deployment.
        id: DeploymentId,
        /// Who runs it.
        holder: Holder,
        /// When its lease ends if it is not renewed, in milliseconds from now.
        expires_in_ms: u64,
    },
    /// The lease ran out or was taken over; the deployment is being rolled back or settled.
    #[error("the lease of deployment {0} is lost")]
    LeaseLost(DeploymentId),
    /// The host is not in the state that the plan expects.
    #[error("the plan is stale: {0} has changed since it was made")]
    Stale(HostName),
    /// A step failed, or could not be undone.
    #[error("{0}")]
    Failed(Failure),
    /// The host will not do this.
    #[error("{0}")]
    Refused(Failure),
    /// There is no such thing.
    #[error("there is no {0}")]
    NotFound(String),
    /// The request does not fit the state that the host is in, or could not be read.
    #[error("the request does not fit: {0}")]
    Unfit(String),
    /// The host itself failed: its disk, its ledger, or a bug.
    #[error("{0}")]
    Internal(Failure),
}

impl HostError {
    /// The code of a host that did not answer, where nothing more is known.
    pub const UNREACHABLE: &str = "host-unreachable";

    /// The host did not answer; why is not known more exactly than `why` says.
    #[must_use]
    pub fn unreachable(host: HostName, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Unreachable { host, code: Self::UNREACHABLE.into(), why: why.into(), help: help.into() }
    }

    /// Stable name of the kind of error.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            HostError::Unreachable { code, .. } => code,
            HostError::Barred { failure, .. } => &failure.code,
            HostError::LeaseHeld { .. } => "lease-held",
            HostError::LeaseLost(_) => "lease-lost",
            HostError::Stale(_) => "plan-stale",
            HostError::NotFound(_) => "not-found",
            HostError::Unfit(_) => "request-unfit",
            HostError::Failed(failure) | HostError::Refused(failure) | HostError::Internal(failure) => &failure.code,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            HostError::Unreachable { help, .. } => Some(help.clone()),
            HostError::LeaseHeld { expires_in_ms, .. } => {
                Some(format!("wait for it to end; if its process is gone, its lease ends by itself in {} s", expires_in_ms.div_ceil(1000)))
            }
            HostError::LeaseLost(_) => Some("see how it was settled: plimsoll history".into()),
            HostError::Stale(_) => Some("make a new plan and look at it again".into()),
            HostError::Failed(failure) | HostError::Refused(failure) | HostError::Internal(failure) | HostError::Barred { failure, .. } => {
                failure.help.clone()
            }
            HostError::NotFound(_) | HostError::Unfit(_) => None,
        }
    }

    /// The same as a failure, for records.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        match self {
            HostError::Failed(failure) | HostError::Refused(failure) | HostError::Internal(failure) => failure.clone(),
            HostError::Barred { failure, .. } => Failure { message: self.to_string(), ..failure.clone() },
            other => {
                let failure = Failure::new(other.code(), other.to_string());
                other.help().map_or(failure.clone(), |help| failure.with_help(help))
            }
        }
    }
}
