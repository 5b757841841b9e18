//! Certificates that authorities issue: the first one while a deployment prepares, the next ones by the host itself.
//!
//! What is on record of an enrolment is a [`Record`]; when it is due and how often an authority may be asked is judged in [`pace`], without
//! I/O. [`issue`] is the story of one certificate, [`proof`] how it is proven, [`renewal`] what happens when nobody asks, and [`files`] where
//! it all lies. How an authority is spoken to is for [`Authority`](crate::authority::Authority).

mod files;
mod issue;
mod pace;
mod proof;
mod record;
mod renewal;

use std::collections::BTreeSet;
use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_model::route::Tls;
use plimsoll_model::{Digest, EnvironmentKey, Secret};

use crate::trouble::Trouble;
use crate::world::World;

pub use files::EnrolmentFiles;
pub(crate) use issue::{Need, Wanted, issue};
pub(crate) use proof::hide;
pub use record::Record;
pub(crate) use renewal::{on_demand, watch};

/// Keeps what is on record of enrolments, accounts at authorities, and the proof that is shown to one.
#[async_trait]
pub trait EnrolmentStore: Send + Sync {
    /// What is on record of an enrolment; that of a new one when nothing is.
    async fn record(&self, key: &EnvironmentKey, enrolment: Digest) -> Result<Record, Trouble>;

    /// Puts it on record.
    async fn put(&self, key: &EnvironmentKey, enrolment: Digest, record: &Record) -> Result<(), Trouble>;

    /// Deletes the records of an environment but those of `needed`.
    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<Digest>) -> Result<(), Trouble>;

    /// The account of this name.
    async fn account(&self, name: Digest) -> Result<Option<Secret<String>>, Trouble>;

    /// Keeps an account; forgets it when there is none any more.
    async fn keep_account(&self, name: Digest, account: Option<&Secret<String>>) -> Result<(), Trouble>;

    /// Lays out the proof `text` as a site, and answers its root.
    async fn show(&self, token: &str, text: &str) -> Result<PathBuf, Trouble>;

    /// Takes all proofs away.
    async fn hide(&self) -> Result<(), Trouble>;
}

/// How a route speaks TLS right now: with the certificate that stands for its enrolment, if it has one.
pub(crate) async fn resolved(world: &World, key: &EnvironmentKey, tls: &Tls) -> Result<Tls, Trouble> {
    if tls.enrolment.is_none() {
        return Ok(tls.clone());
    }
    let Record { issued, .. } = world.enrolments.record(key, tls_name(tls)).await?;
    let issued = issued.map_or((tls.certificate, tls.expires_at), |issued| (issued.certificate, issued.expires_at));
    Ok(Tls { certificate: issued.0, expires_at: issued.1, ..tls.clone() })
}

/// The certificate that is shown where a plan names `certificate`, which may be an enrolment.
pub(crate) async fn shown(world: &World, key: &EnvironmentKey, certificate: Digest) -> Result<Digest, Trouble> {
    Ok(world.enrolments.record(key, certificate).await?.issued.map_or(certificate, |issued| issued.certificate))
}

/// The enrolment's own name, also where `certificate` is the one that stands for it already.
fn tls_name(tls: &Tls) -> Digest {
    tls.enrolment.as_ref().map_or(tls.certificate, |enrolment| enrolment.digest())
}
