//! The certificate of a route, as it is in its file right now. Nothing of a private key is told or kept elsewhere.

use std::path::Path;
use std::sync::Arc;

use http::HeaderValue;
use plimsoll_certificate::Pair;
use plimsoll_model::route::{Route, Tls};
use plimsoll_model::{Digest, Secret};
use rustls::sign::CertifiedKey;

/// What a route needs to speak TLS.
#[derive(Debug)]
pub(crate) struct Secured {
    /// Which certificate.
    pub(crate) digest: Digest,
    /// The same with its key, or why there is none.
    pub(crate) pair: Result<Arc<CertifiedKey>, String>,
    /// What every answer says of the next requests.
    pub(crate) hsts: HeaderValue,
}

impl Secured {
    /// The certificate of `route`: one of those that are `known`, or what is in its file. None where it speaks plain HTTP.
    pub(crate) fn of<'a>(route: &Route, mut known: impl Iterator<Item = &'a Secured>) -> Option<Self> {
        let Tls { certificate, hsts_s, .. } = route.spec.tls.as_ref()?;
        let same = known.find(|known| known.digest == *certificate && known.pair.is_ok()).map(|known| known.pair.clone());
        let hsts = HeaderValue::try_from(format!("max-age={hsts_s}")).expect("digits are visible ASCII");
        Some(Self { digest: *certificate, pair: same.unwrap_or_else(|| read(route.certificate.as_deref(), *certificate)), hsts })
    }
}

fn read(path: Option<&Path>, digest: Digest) -> Result<Arc<CertifiedKey>, String> {
    let path = path.ok_or("the route names no file for its certificate")?;
    let text = std::fs::read_to_string(path).map_err(|error| format!("the certificate in {} cannot be read: {error}", path.display()))?;
    let pair = Pair::read_file(&Secret::new(text)).map_err(|why| format!("the certificate in {} cannot be used: {why}", path.display()))?;
    let found = pair.about().digest;
    if found == digest {
        Ok(pair.usable())
    } else {
        Err(format!("{} holds certificate {} and not {}", path.display(), found.short(), digest.short()))
    }
}
