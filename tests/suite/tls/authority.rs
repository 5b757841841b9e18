//! An authority of the tests' own, what it issues, and clients that trust it and nobody else.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_certificate::provider;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PublicKeyData, SignatureAlgorithm, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer;

/// Signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// The public key of a request: of ECDSA, as all of ours are.
struct Asked(Vec<u8>);

impl PublicKeyData for Asked {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

/// A certificate with its chain, and its private key: both in PEM.
pub struct Issued {
    pub chain: String,
    pub key: String,
    /// What a client is shown.
    pub der: Vec<u8>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = params("Tiny Authority", &[], (2000, 2090));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("there is randomness")).expect("it can sign itself"))
    }

    /// A certificate for this host, for years to come.
    pub fn issue(&self, host: &str) -> Issued {
        self.issue_for(host, (2000, 2090))
    }

    /// One that is valid from the first day of one year to that of another.
    pub fn issue_for(&self, host: &str, years: (i32, i32)) -> Issued {
        let key = KeyPair::generate().expect("there is randomness");
        let made = params(host, &[host], years).signed_by(&key, &self.0).expect("it can sign");
        Issued { chain: made.pem() + &self.0.pem(), key: key.serialize_pem(), der: made.der().to_vec() }
    }

    /// A certificate with its chain for the key of a request, valid until then (since 1970).
    pub fn sign(&self, host: &str, request: &[u8], until: Duration) -> String {
        let (_, request) = X509CertificationRequest::from_der(request).expect("it is a request");
        let key = Asked(request.certification_request_info.subject_pki.subject_public_key.data.to_vec());
        let mut params = params(host, &[host], (2000, 2090));
        params.not_after = date_time_ymd(1970, 1, 1) + until;
        params.signed_by(&key, &self.0).expect("it can sign").pem() + &self.pem()
    }

    /// Its own certificate, in PEM.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// How to be a server of this name that its clients trust.
    pub fn server(&self, host: &str) -> Arc<ServerConfig> {
        let issued = self.issue(host);
        let certificates = CertificateDer::pem_slice_iter(issued.chain.as_bytes()).collect::<Result<_, _>>().expect("it is PEM");
        let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).expect("it is PEM");
        let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().expect("there are versions");
        Arc::new(builder.with_no_client_auth().with_single_cert(certificates, key).expect("they belong together"))
    }

    /// How to be a client that trusts this authority alone.
    pub fn client(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("it is an authority");
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().expect("there are versions");
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

impl Issued {
    /// Whether `text` has any line of the key but its head and foot.
    pub fn key_is_in(&self, text: &str) -> bool {
        self.key.lines().filter(|line| !line.starts_with('-')).any(|line| text.contains(line))
    }
}

fn params(name: &str, hosts: &[&str], (from, until): (i32, i32)) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).expect("these are names");
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
    params
}
