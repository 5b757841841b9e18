//! A certificate chain with its private key, as TLS needs it.

use std::sync::Arc;

use plimsoll_model::time::Moment;
use plimsoll_model::{Digest, Secret};
use rustls::Error as TlsError;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;

use crate::{pem, provider};

/// A chain and the private key of its first certificate.
#[derive(Clone)]
pub struct Pair {
    chain: String,
    key: Secret<String>,
    about: About,
    usable: Arc<CertifiedKey>,
}

/// What may be told of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// Names it: the hash of its chain. The private key is the one that belongs to the public key in there, and needs no name.
    pub digest: Digest,
    /// When the first certificate of the chain expires.
    pub expires_at: Moment,
}

/// Why texts are no certificate with its key. Nothing of the key is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There is no certificate.
    #[error("it holds no certificate, which begins with a line -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// A certificate cannot be understood. Which, counted from 1, and why.
    #[error("its certificate {0} cannot be read: {1}")]
    Certificate(usize, String),
    /// There is no private key.
    #[error("it holds no private key, which begins with a line -----BEGIN PRIVATE KEY-----")]
    NoKey,
    /// There are several keys.
    #[error("it holds {0} private keys, and one is wanted")]
    Keys(usize),
    /// The key is encrypted.
    #[error("its private key is encrypted, and nobody will be there to type the passphrase")]
    Encrypted,
    /// The key cannot be understood.
    #[error("its private key cannot be read")]
    Key,
    /// The key is of a kind or size that is not supported.
    #[error("its private key is of a kind or size that is not used any more")]
    KeyKind,
    /// Both are right, and not each other's.
    #[error("the private key does not belong to the certificate")]
    Mismatch,
}

impl Unusable {
    /// Whether it is the file of the key that is to be looked at.
    #[must_use]
    pub fn is_the_keys(&self) -> bool {
        matches!(self, Self::NoKey | Self::Keys(_) | Self::Encrypted | Self::Key | Self::KeyKind)
    }
}

impl Pair {
    /// Reads the certificates of `chain`, its end entity's first, and the one private key of `key`. Whatever else stands there is left out.
    ///
    /// # Errors
    /// They cannot be read, or do not belong together. Whether anyone should trust them is for [`judge`](crate::judge) to say.
    pub fn read(chain: &str, key: &Secret<String>) -> Result<Self, Unusable> {
        Self::of_blocks(&pem::certificates(chain), key)
    }

    pub(crate) fn of_blocks(chain: &[String], key: &Secret<String>) -> Result<Self, Unusable> {
        let certificates = certificates(chain)?;
        let about = about(&certificates)?;
        let key = key_block(key.expose())?;
        let signer = pem::read_key(&key).ok_or(Unusable::Key)?;
        let signer = provider().key_provider.load_private_key(signer).map_err(|_| Unusable::KeyKind)?;
        let usable = CertifiedKey::new(certificates, signer);
        match usable.keys_match() {
            Ok(()) | Err(TlsError::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {}
            Err(_) => return Err(Unusable::Mismatch),
        }
        Ok(Self { chain: chain.concat(), key: Secret::new(key), about, usable: Arc::new(usable) })
    }

    /// Reads what [`Self::write`] wrote.
    ///
    /// # Errors
    /// It is something else.
    pub fn read_file(text: &Secret<String>) -> Result<Self, Unusable> {
        Self::read(text.expose(), text)
    }

    /// Both in one text, to be kept where nobody else can read it.
    #[must_use]
    pub fn write(&self) -> Secret<String> {
        Secret::new(format!("{}{}", self.chain, self.key.expose()))
    }

    /// The certificates in PEM: they are no secret.
    #[must_use]
    pub fn chain(&self) -> &str {
        &self.chain
    }

    /// The private key in PEM.
    #[must_use]
    pub fn key(&self) -> &Secret<String> {
        &self.key
    }

    /// What may be told of it.
    #[must_use]
    pub fn about(&self) -> About {
        self.about
    }

    /// The same, ready to be used.
    #[must_use]
    pub fn usable(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.usable)
    }
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair").field("about", &self.about).finish_non_exhaustive()
    }
}

/// What names a chain: over the bytes of each certificate, so that comments and line breaks do not count.
#[must_use]
pub fn digest(chain: &[CertificateDer<'_>]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for certificate in chain {
        hasher.update(&(certificate.len() as u64).to_le_bytes()).update(certificate);
    }
    hasher.finalize().into()
}

fn certificates(blocks: &[String]) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let cut = |number: usize| Unusable::Certificate(number + 1, "a line of it was cut or changed".into());
    let read = |(number, block): (usize, &String)| pem::read_certificate(block).ok_or_else(|| cut(number));
    if blocks.is_empty() { Err(Unusable::NoCertificate) } else { blocks.iter().enumerate().map(read).collect() }
}

fn about(certificates: &[CertificateDer<'_>]) -> Result<About, Unusable> {
    let mut expires_at = Moment::LAST;
    for (number, certificate) in certificates.iter().enumerate() {
        let (_, parsed) = parse_x509_certificate(certificate).map_err(|error| Unusable::Certificate(number + 1, error.to_string()))?;
        expires_at = expires_at.min(Moment(parsed.validity().not_after.timestamp().saturating_mul(1_000)));
    }
    Ok(About { digest: digest(certificates), expires_at })
}

fn key_block(text: &str) -> Result<String, Unusable> {
    match <[String; 1]>::try_from(pem::private_keys(text)) {
        Ok([key]) if pem::is_encrypted(&key) => Err(Unusable::Encrypted),
        Ok([key]) => Ok(key),
        Err(keys) if keys.is_empty() => Err(Unusable::NoKey),
        Err(keys) => Err(Unusable::Keys(keys.len())),
    }
}
