//! The envelope in which certificates travel with their private keys.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_model::{Digest, Secret};
use serde::{Deserialize, Serialize};

/// Certificates by the hash of their chains. Travels as secret values do, and what it is serialized into must not be logged or kept.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Certificates(pub BTreeMap<Digest, Certificate>);

/// A certificate chain with its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The chain in PEM.
    pub chain: String,
    /// The private key in PEM.
    pub key: Secret<String>,
}

/// The same in the open.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    chain: String,
    key: String,
}

impl Certificates {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every private key.
    pub fn keys(&self) -> impl Iterator<Item = &Secret<String>> {
        self.0.values().map(|certificate| &certificate.key)
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Serialize for Certificates {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let plain = |certificate: &Certificate| Plain { chain: certificate.chain.clone(), key: certificate.key.expose().clone() };
        to.collect_map(self.0.iter().map(|(digest, certificate)| (digest, plain(certificate))))
    }
}

impl<'de> Deserialize<'de> for Certificates {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let plain = BTreeMap::<Digest, Plain>::deserialize(from)?;
        let sealed = |Plain { chain, key }| Certificate { chain, key: Secret::new(key) };
        Ok(Self(plain.into_iter().map(|(digest, plain)| (digest, sealed(plain))).collect()))
    }
}
