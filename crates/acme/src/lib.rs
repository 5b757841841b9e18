//! Certificates from an authority (ACME, RFC 8555): an account there, and a certificate for a host name that is proven by plain HTTP.
//!
//! Each call is one conversation with the authority, to its end. Where the proof is shown, what is kept and where, how often an authority
//! may be asked, and when a certificate is to be renewed is for others.

mod conversation;
mod http;
mod refusal;
mod trust;

use plimsoll_model::Secret;
use plimsoll_model::route::Enrolment;

pub use conversation::{Issued, Prover};
pub use refusal::{Refusal, Wait, Why};

/// Makes an account at the authority of `enrolment`: a text for [`obtain`] that holds its private key.
///
/// # Errors
/// The authority cannot be reached, or refuses.
pub async fn register(enrolment: &Enrolment) -> Result<Secret<String>, Refusal> {
    let http = http::Client::new(enrolment)?;
    conversation::register(enrolment, http.clone()).await.map_err(|error| http.told(enrolment, error))
}

/// Has a certificate issued. The authority fetches its proof through `prover` while this waits, which takes a minute at most.
///
/// # Errors
/// The authority cannot be reached, refuses, or could not fetch the proof: in its own words.
pub async fn obtain(enrolment: &Enrolment, account: &Secret<String>, prover: &dyn Prover) -> Result<Issued, Refusal> {
    let http = http::Client::new(enrolment)?;
    conversation::obtain(enrolment, account, http.clone(), prover).await.map_err(|error| http.told(enrolment, error))
}
