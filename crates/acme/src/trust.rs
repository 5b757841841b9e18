//! By what an authority's own server is trusted: what this machine trusts, or the certificates that it is asked for with.

use std::sync::Arc;

use plimsoll_model::route::Enrolment;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::refusal::{Refusal, Why};

/// How to be a client that believes the authority of `enrolment` who it is.
pub(crate) fn config(enrolment: &Enrolment) -> Result<Arc<ClientConfig>, Refusal> {
    let roots = match &enrolment.root {
        Some(pem) => of_text(pem).ok_or_else(|| unfit(enrolment, "the `root` that the manifest names for it has none", "give a PEM file"))?,
        None => of_machine(),
    };
    if roots.is_empty() {
        return Err(unfit(enrolment, "this machine trusts nobody", "install the certificates of public authorities (on Debian: ca-certificates)"));
    }
    let builder = ClientConfig::builder_with_provider(plimsoll_certificate::provider()).with_safe_default_protocol_versions();
    let mut config = builder.expect("ring speaks TLS 1.2 and 1.3").with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn of_text(pem: &str) -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.ok()?).ok()?;
    }
    Some(roots)
}

/// What cannot be read is left out: others of its certificates may do.
fn of_machine() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn unfit(enrolment: &Enrolment, why: &str, help: &str) -> Refusal {
    let message = format!("{} cannot be asked for a certificate: no certificate to trust it by: {why}", enrolment.directory);
    Refusal { why: Why::Unreachable, message, help: help.into(), wait: None }
}
