//! Whether each certificate of a file is followed by the one that signed it, as servers have to send them.

use plimsoll_model::finding::Finding;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;

use super::{Case, called, error, signed_itself, warning};

/// What to do about a wrong order.
pub(super) const ORDER: &str = "write the certificate first, then the one that signed it, and so on: often the file is called fullchain.pem";

pub(super) fn judge(case: &Case<'_>, chain: &[X509Certificate<'_>]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = (1..chain.len()).filter_map(|number| link(case, chain, number)).collect();
    if let [only] = chain {
        findings.extend(alone(case, only));
    }
    findings
}

/// What is wrong between a certificate and the one before it, which it should have signed.
fn link(case: &Case<'_>, chain: &[X509Certificate<'_>], number: usize) -> Option<Finding> {
    let (signed, signer) = (&chain[number - 1], &chain[number]);
    let file = case.certificate;
    if signed.issuer().as_raw() == signer.subject().as_raw() {
        return match signed.verify_signature(Some(signer.public_key())) {
            Ok(()) | Err(X509Error::SignatureUnsupportedAlgorithm) => None,
            Err(_) => {
                let message = format!("{file}: certificate {number} ({}) was not signed by the key of certificate {}", called(signed), number + 1);
                Some(error("chain-broken", message, "ask the authority for its certificates again: one of the file has been replaced"))
            }
        };
    }
    let elsewhere = chain.iter().any(|other| other.subject().as_raw() == signed.issuer().as_raw() && !std::ptr::eq(other, signed));
    let message =
        format!("{file}: certificate {} ({}) is not the one that signed certificate {number} ({})", number + 1, called(signer), called(signed));
    Some(if elsewhere { error("chain-order", message, ORDER) } else { error("chain-broken", message, ORDER) })
}

fn alone(case: &Case<'_>, only: &X509Certificate<'_>) -> Option<Finding> {
    let file = case.certificate;
    if signed_itself(only) {
        let message = format!("{file}: {} has signed itself: only clients that were told to will trust it", called(only));
        return Some(warning("certificate-self-signed", message, "for everyone else, use one that an authority has signed"));
    }
    let message = format!("{file}: the certificate that signed {} is not in the file: clients that do not know it will turn away", called(only));
    Some(warning("chain-incomplete", message, "add what the authority calls its intermediate certificates, behind this one"))
}
