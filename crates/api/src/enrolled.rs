//! What a host tells of certificates that authorities issue.

use plimsoll_model::Digest;
use plimsoll_model::deployment::Failure;
use plimsoll_model::route::Enrolment;
use plimsoll_model::time::Moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How it stands with an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Enrolled {
    /// Which certificate, and from whom.
    pub enrolment: Enrolment,
    /// The certificate that stands for it; none when none was issued yet.
    pub certificate: Option<Digest>,
    /// When that expires.
    pub expires_at: Option<Moment>,
    /// When the host asks for the next one by itself.
    pub renew_at: Option<Moment>,
    /// Why the last try came to nothing, when it did.
    pub failed: Option<FailedRenewal>,
}

/// A try that came to nothing. What served before serves on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailedRenewal {
    /// When.
    pub at: Moment,
    /// Why, in the authority's words where it said any.
    pub failure: Failure,
}
