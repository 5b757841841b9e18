//! Certificates on a host, with their private keys: there for the proxy that serves them, and for nobody else.

mod files;

use std::collections::BTreeSet;
use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_api::Open;
use plimsoll_certificate::Pair;
use plimsoll_model::plan::Desired;
use plimsoll_model::route::Tls;
use plimsoll_model::time::Moment;
use plimsoll_model::{Digest, EnvironmentKey, HostName, Secret};

use crate::trouble::Trouble;

pub use files::CertificateFiles;

/// Keeps certificates by the hash of their chains, so that an earlier one can be brought back.
#[async_trait]
pub trait CertificateStore: Send + Sync {
    /// Keeps a certificate: its chain and its private key in one text.
    async fn keep(&self, key: &EnvironmentKey, certificate: Digest, text: Secret<String>) -> Result<(), Trouble>;

    /// Whether it is kept.
    async fn has(&self, key: &EnvironmentKey, certificate: Digest) -> Result<bool, Trouble>;

    /// Where the proxy finds it.
    fn path(&self, key: &EnvironmentKey, certificate: Digest) -> PathBuf;

    /// Deletes all certificates of an environment but those of `needed`.
    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<Digest>) -> Result<(), Trouble>;
}

/// Keeps what a deployment brings, and makes sure that the host has all that its routes need.
pub(crate) async fn take(store: &dyn CertificateStore, open: &Open, now: Moment) -> Result<(), Trouble> {
    let key = &open.plan.key;
    for Tls { certificate, expires_at, .. } in of(&open.plan.desired, &open.host).filter(|tls| tls.enrolment.is_none()) {
        if *expires_at <= now {
            let message = format!("certificate {} of {key} expired on {expires_at}", certificate.short());
            let help = "renew it and deploy: `plimsoll deploy --commit COMMIT` brings an earlier commit with the certificate of today";
            return Err(Trouble::new("certificate-expired", message).with_help(help));
        }
        match open.certificates.0.get(certificate) {
            Some(brought) => store.keep(key, *certificate, judged(*certificate, Pair::read(&brought.chain, &brought.key))?.write()).await?,
            None if store.has(key, *certificate).await? => {}
            None => {
                let message = format!("certificate {} of {key} is not on this host any more", certificate.short());
                return Err(Trouble::new("certificate-gone", message).with_help("deploy again: certificates are then sent to this host"));
            }
        }
    }
    Ok(())
}

/// How the routes that a state has on `host` speak TLS.
pub(crate) fn of<'a>(desired: &'a Desired, host: &'a HostName) -> impl Iterator<Item = &'a Tls> {
    desired.on(host).filter_map(|(_, wanted)| wanted.route.as_ref()?.tls.as_ref())
}

fn judged(named: Digest, read: Result<Pair, plimsoll_certificate::Unusable>) -> Result<Pair, Trouble> {
    let unfit = |why: String| {
        let help = "see what is wrong with it where plimsoll is called: plimsoll certs check ENVIRONMENT";
        Trouble::new("certificate-unfit", format!("certificate {}: {why}", named.short())).with_help(help)
    };
    let pair = read.map_err(|why| unfit(why.to_string()))?;
    let found = pair.about().digest;
    if found == named { Ok(pair) } else { Err(unfit(format!("what was sent is another one, {}", found.short()))) }
}
