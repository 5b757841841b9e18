//! Whether a certificate is of a kind that clients still believe, and made for servers.

use plimsoll_model::finding::Finding;
use x509_parser::certificate::X509Certificate;
use x509_parser::public_key::PublicKey;

use super::{Case, called, error, signed_itself};

/// The smallest RSA key, in bits.
const RSA_BITS: usize = 2048;
/// Signatures with SHA-1 or MD5, by RSA, DSA and ECDSA.
const BROKEN: [&str; 4] = ["1.2.840.113549.1.1.5", "1.2.840.113549.1.1.4", "1.2.840.10040.4.3", "1.2.840.10045.4.1"];

pub(super) fn judge(case: &Case<'_>, chain: &[X509Certificate<'_>]) -> Vec<Finding> {
    let each = chain.iter().flat_map(|certificate| [small(case, certificate), broken(case, certificate)]);
    each.chain([chain.first().and_then(|first| purpose(case, first))]).flatten().collect()
}

fn small(case: &Case<'_>, certificate: &X509Certificate<'_>) -> Option<Finding> {
    let Ok(PublicKey::RSA(key)) = certificate.public_key().parsed() else { return None };
    let message = || format!("{}: {} has an RSA key of {} bits", case.certificate, called(certificate), key.key_size());
    (key.key_size() < RSA_BITS).then(|| error("certificate-weak", message(), "get one with a key of ECDSA P-256, or of RSA with 2048 bits or more"))
}

/// What signed itself is trusted or not, whatever it signed itself with.
fn broken(case: &Case<'_>, certificate: &X509Certificate<'_>) -> Option<Finding> {
    let algorithm = certificate.signature_algorithm.algorithm.to_id_string();
    let weak = BROKEN.contains(&algorithm.as_str()) && !signed_itself(certificate);
    let message = || format!("{}: {} is signed with SHA-1 or MD5, which can be forged", case.certificate, called(certificate));
    weak.then(|| error("certificate-weak", message(), "get one that is signed with SHA-256"))
}

fn purpose(case: &Case<'_>, first: &X509Certificate<'_>) -> Option<Finding> {
    let usage = first.extended_key_usage().ok().flatten()?;
    let message = || format!("{}: {} is not made for servers", case.certificate, called(first));
    let fits = usage.value.server_auth || usage.value.any;
    (!fits).then(|| error("certificate-not-for-servers", message(), "ask for one for TLS servers (extended key usage serverAuth)"))
}
