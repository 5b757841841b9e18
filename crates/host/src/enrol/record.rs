//! What is on record of an enrolment.

use plimsoll_acme::{Refusal, Wait};
use plimsoll_api::{Enrolled, FailedRenewal};
use plimsoll_certificate::About;
use plimsoll_model::Digest;
use plimsoll_model::deployment::Failure;
use plimsoll_model::route::Enrolment;
use plimsoll_model::time::Moment;
use serde::{Deserialize, Serialize};

use super::pace;
use crate::trouble::Trouble;

/// Version of the form of a record.
pub(super) const VERSION: u32 = 1;

/// What is on record of an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// See [`VERSION`].
    pub(super) version: u32,
    /// The certificate that stands for it.
    pub(super) issued: Option<IssuedOn>,
    /// When the authority was asked, as far back as that counts.
    pub(super) asked: Vec<Moment>,
    /// Why there is no newer certificate, since the last one that there is.
    pub(super) failed: Option<Failed>,
}

/// A certificate that was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IssuedOn {
    /// Names it: the hash of its chain.
    pub(super) certificate: Digest,
    pub(super) expires_at: Moment,
    /// When the next one is to be had.
    pub(super) due_at: Moment,
}

/// Tries that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failed {
    /// When the last one did.
    pub(super) at: Moment,
    /// Why.
    pub(super) failure: Failure,
    /// How many there were, one after the other.
    pub(super) times: u32,
    /// When the host tries again by itself.
    pub(super) again_at: Moment,
    /// The authority said until when it is not to be asked: that holds for everybody.
    pub(super) barred: bool,
}

impl Default for Record {
    fn default() -> Self {
        Self { version: VERSION, issued: None, asked: Vec::new(), failed: None }
    }
}

impl Record {
    /// That of an enrolment for which `certificate` was issued, which is valid until `expires_at` and not due before.
    #[must_use]
    pub fn of(certificate: Digest, expires_at: Moment) -> Self {
        Self { issued: Some(IssuedOn { certificate, expires_at, due_at: expires_at }), ..Self::default() }
    }

    /// Whether a certificate stands for it that is valid.
    pub(super) fn is_valid(&self, now: Moment) -> bool {
        self.issued.is_some_and(|issued| now < issued.expires_at)
    }

    /// When the host asks by itself, next; at once where nothing is known.
    pub(super) fn next_at(&self) -> Option<Moment> {
        let due_at = self.issued.map(|issued| issued.due_at);
        due_at.into_iter().chain(self.failed.as_ref().map(|failed| failed.again_at)).max()
    }

    /// The authority is about to be asked.
    pub(super) fn asking(&mut self, now: Moment) {
        self.asked.retain(|asked| pace::counts(*asked, now));
        self.asked.push(now);
    }

    /// It has issued a certificate.
    pub(super) fn issued(&mut self, about: About, now: Moment) {
        let About { digest, expires_at } = about;
        self.issued = Some(IssuedOn { certificate: digest, expires_at, due_at: pace::due_at(now, expires_at) });
        self.failed = None;
    }

    /// It has not.
    pub(super) fn refused(&mut self, refusal: &Refusal, now: Moment) -> Trouble {
        let failure = Failure::new(refusal.why.code(), refusal.message.clone()).with_help(refusal.help.clone());
        let times = self.failed.as_ref().map_or(0, |failed| failed.times).saturating_add(1);
        let told = refusal.wait.map(|wait| match wait {
            Wait::For(ms) => now.plus(ms),
            Wait::Until(moment) => moment,
        });
        let again_at = pace::again_at(times, now);
        self.failed = Some(Failed {
            at: now,
            failure: failure.clone(),
            times,
            again_at: told.map_or(again_at, |told| told.max(again_at)),
            barred: told.is_some(),
        });
        failure
    }

    /// What may be told of it.
    pub(crate) fn tell(&self, enrolment: Enrolment) -> Enrolled {
        Enrolled {
            enrolment,
            certificate: self.issued.map(|issued| issued.certificate),
            expires_at: self.issued.map(|issued| issued.expires_at),
            renew_at: self.next_at(),
            failed: self.failed.as_ref().map(|failed| FailedRenewal { at: failed.at, failure: failed.failure.clone() }),
        }
    }
}
