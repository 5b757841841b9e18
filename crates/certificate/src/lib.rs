//! Certificates and their private keys: read from PEM, judged, and made ready for TLS.
//!
//! Pure: it is given texts and the time. Where the files are, who asks for them and where they are kept is left to others. All work with
//! cryptography is *ring*'s.

mod judge;
mod names;
mod pair;
mod pem;
mod pinned;

#[cfg(test)]
mod tests;

pub use judge::{Case, judge};
pub use names::covers;
pub use pair::{About, Pair, Unusable, digest};
pub use pem::is_trust;
pub use pinned::{Protocols, pinned};

/// The one provider of cryptography.
#[must_use]
pub fn provider() -> std::sync::Arc<rustls::crypto::CryptoProvider> {
    std::sync::Arc::new(rustls::crypto::ring::default_provider())
}
