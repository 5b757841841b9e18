//! Asking an authority: its one real way, and what other worlds have in its place.

use async_trait::async_trait;
use plimsoll_acme::{Issued, Prover, Refusal};
use plimsoll_model::Secret;
use plimsoll_model::route::Enrolment;

/// Authorities, as a host asks them.
#[async_trait]
pub trait Authority: Send + Sync {
    /// Makes an account: a text that holds its private key.
    async fn register(&self, enrolment: &Enrolment) -> Result<Secret<String>, Refusal>;

    /// Has a certificate issued, once the authority has seen the proof that `prover` shows.
    async fn obtain(&self, enrolment: &Enrolment, account: &Secret<String>, prover: &dyn Prover) -> Result<Issued, Refusal>;
}

/// Asks over the network, by ACME.
pub struct AcmeAuthority;

#[async_trait]
impl Authority for AcmeAuthority {
    async fn register(&self, enrolment: &Enrolment) -> Result<Secret<String>, Refusal> {
        plimsoll_acme::register(enrolment).await
    }

    async fn obtain(&self, enrolment: &Enrolment, account: &Secret<String>, prover: &dyn Prover) -> Result<Issued, Refusal> {
        plimsoll_acme::obtain(enrolment, account, prover).await
    }
}
