//! Whether a certificate covers the host names that are asked for.

use std::net::IpAddr;

use plimsoll_model::finding::Finding;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;

use super::{Case, error};
use crate::names::covers;

pub(super) fn judge(case: &Case<'_>, chain: &[X509Certificate<'_>]) -> Vec<Finding> {
    let Some(first) = chain.first() else { return Vec::new() };
    let names = names(first);
    case.hosts.iter().filter(|host| !names.iter().any(|name| covers(name, host))).map(|host| missing(case, host, &names)).collect()
}

fn missing(case: &Case<'_>, host: &str, names: &[String]) -> Finding {
    let covered = if names.is_empty() { "no host at all".to_owned() } else { names.join(", ") };
    let message = format!("{}: the certificate does not cover {host}; it covers {covered}", case.certificate);
    let wildcard = names.iter().any(|name| name.starts_with("*."));
    let help = if wildcard {
        "get one that covers it too: a wildcard stands for exactly one label, so *.shop.example covers neither shop.example nor a.b.shop.example"
    } else {
        "get one that covers it too, or give the route a certificate of its own"
    };
    error("host-not-covered", message, help)
}

/// The hosts that a certificate is for. Its common name is none: clients have not looked at it for years.
pub(super) fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let names = alternatives.iter().flat_map(|names| &names.value.general_names);
    names.filter_map(spoken).collect()
}

fn spoken(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}
