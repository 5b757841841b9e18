//! Judging a certificate before clients do: one file for each question, all answers at once.
//!
//! A client sees one of the mistakes at a time, says little of it, and turns away. Which authorities a client trusts is not judged here.

mod chain;
mod dates;
mod hosts;
mod strength;

use plimsoll_model::Secret;
use plimsoll_model::finding::{Finding, Severity};
use plimsoll_model::time::Moment;
use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;

use crate::pair::{Pair, Unusable};
use crate::pem;

/// What a certificate is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What findings call the file of the chain.
    pub certificate: &'a str,
    /// What findings call the source of the private key.
    pub key: &'a str,
    /// The host names that it is to cover.
    pub hosts: &'a [&'a str],
    /// The time.
    pub now: Moment,
}

/// Reads a chain and its private key, and judges them. Warnings come with the pair; the place of a finding is for the caller to add.
///
/// # Errors
/// All that is wrong, with [`Severity::Error`] at least once: clients would turn away.
pub fn judge(case: &Case<'_>, chain: &str, key: &Secret<String>) -> Result<(Pair, Vec<Finding>), Vec<Finding>> {
    let blocks = pem::certificates(chain);
    let read = Pair::of_blocks(&blocks, key);
    let mut findings: Vec<Finding> = read.as_ref().err().map(|why| unusable(case, why, &blocks, key)).into_iter().collect();
    let certificates: Vec<CertificateDer<'_>> = blocks.iter().filter_map(|block| pem::read_certificate(block)).collect();
    let parsed: Vec<X509Certificate<'_>> = certificates.iter().filter_map(|certificate| Some(parse_x509_certificate(certificate).ok()?.1)).collect();
    // Where one could not be read, what the others lack is not known; and in a wrong order, neither is what the first one should be.
    if parsed.len() == blocks.len() && !findings.iter().any(|finding| finding.code == "chain-order") {
        for question in [chain::judge, dates::judge, strength::judge, hosts::judge] {
            findings.extend(question(case, &parsed));
        }
    }
    match read {
        Ok(pair) if findings.iter().all(|finding| finding.severity != Severity::Error) => Ok((pair, findings)),
        _ => Err(findings),
    }
}

fn unusable(case: &Case<'_>, why: &Unusable, blocks: &[String], key: &Secret<String>) -> Finding {
    let file = if why.is_the_keys() { case.key } else { case.certificate };
    let (code, help) = match why {
        Unusable::NoCertificate | Unusable::Certificate(..) => {
            ("certificate-unreadable", "give the PEM file that the authority sent: the certificate, then those that lead to the authority")
        }
        Unusable::NoKey | Unusable::Keys(_) | Unusable::Key => {
            ("key-unreadable", "give the PEM file that the request was made with, and nothing else")
        }
        Unusable::Encrypted => ("key-encrypted", "take the passphrase off (`openssl pkey -in OLD -out NEW`), and let nobody else read the new file"),
        Unusable::KeyKind => ("key-unusable", "make a new one, of ECDSA P-256 or RSA with 2048 bits or more, and a certificate for it"),
        Unusable::Mismatch => return mismatch(case, blocks, key),
    };
    error(code, format!("{file}: {why}"), help)
}

/// The certificate of the key may stand further down.
fn mismatch(case: &Case<'_>, blocks: &[String], key: &Secret<String>) -> Finding {
    let Case { certificate, key: key_file, .. } = case;
    match blocks.iter().position(|block| Pair::of_blocks(std::slice::from_ref(block), key).is_ok()) {
        Some(place) => {
            let message = format!("{certificate}: the certificate of the private key is number {} of the file, and has to be the first", place + 1);
            error("chain-order", message, chain::ORDER)
        }
        None => {
            let message = format!("{certificate}: the private key in {key_file} does not belong to this certificate");
            error("key-mismatch", message, "give the key that the certificate was asked for with: each renewal may have made a new one")
        }
    }
}

fn error(code: &str, message: String, help: &str) -> Finding {
    Finding { severity: Severity::Error, code: code.into(), place: None, message, help: Some(help.into()) }
}

fn warning(code: &str, message: String, help: &str) -> Finding {
    Finding { severity: Severity::Warning, ..error(code, message, help) }
}

/// How people know a certificate: by its common name, or all that it calls itself.
fn called(certificate: &X509Certificate<'_>) -> String {
    let common = certificate.subject().iter_common_name().next().and_then(|name| name.as_str().ok()).map(str::to_owned);
    let name = common.or_else(|| hosts::names(certificate).into_iter().next()).unwrap_or_else(|| certificate.subject().to_string());
    // It comes from outside, and is shown on a terminal.
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

fn signed_itself(certificate: &X509Certificate<'_>) -> bool {
    certificate.subject().as_raw() == certificate.issuer().as_raw()
}
