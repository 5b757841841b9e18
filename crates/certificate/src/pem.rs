//! PEM: the blocks of a text that are of one kind, apart from whatever else stands there.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What marks the beginning of a block.
const BEGIN: &str = "-----BEGIN ";
/// What marks its end.
const END: &str = "-----END ";

/// The certificates of `text`, as it was written and nothing besides: a private key in the same file stays where it is.
pub(crate) fn certificates(text: &str) -> Vec<String> {
    blocks(text, |label| label == "CERTIFICATE")
}

/// The private keys of `text`.
pub(crate) fn private_keys(text: &str) -> Vec<String> {
    blocks(text, |label| label.ends_with("PRIVATE KEY"))
}

/// Whether `text` holds certificates that one may trust, and nothing secret.
#[must_use]
pub fn is_trust(text: &str) -> bool {
    let certificates = certificates(text);
    let readable = certificates.iter().all(|block| read_certificate(block).is_some());
    !certificates.is_empty() && readable && private_keys(text).is_empty()
}

/// Whether a passphrase would be needed to read it.
pub(crate) fn is_encrypted(block: &str) -> bool {
    block.contains("ENCRYPTED")
}

/// The certificate within a block.
pub(crate) fn read_certificate(block: &str) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_slice(block.as_bytes()).ok()
}

/// The private key within a block. Why there is none is not told in detail: the detail might be the key.
pub(crate) fn read_key(block: &str) -> Option<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(block.as_bytes()).ok()
}

fn blocks(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let (mut blocks, mut open) = (Vec::new(), None::<String>);
    for line in text.lines().map(str::trim_end) {
        let label = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix("-----"));
        if label.is_some_and(&wanted) {
            open = Some(String::new());
        }
        let Some(block) = &mut open else { continue };
        block.push_str(line);
        block.push('\n');
        if line.starts_with(END) {
            blocks.extend(open.take());
        }
    }
    blocks
}
