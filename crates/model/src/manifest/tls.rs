//! Certificates in the manifest: making them of their sections, judging what they mean for ports, and finding them again.

use std::ops::Range;

use super::project::{Acme, CertificateFiles, CertificateSource, Component, KeySource, TlsSource};
use super::report::Report;
use super::section::{Node, Section};
use super::suggest::shown;
use super::{document, merge};
use crate::finding::Finding;
use crate::{ComponentName, EnvironmentName};

/// The authority that most people ask: Let's Encrypt.
const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// What `section` says; requests are sent on from `plain` where it names no other port.
pub(super) fn source(section: &Section, plain: u16) -> Option<TlsSource> {
    let redirect_from = match (section.number("redirect_from"), section.flag("redirect_from")) {
        (Some(port), _) => Some(u16::try_from(port).ok()?),
        (None, Some(false)) => None,
        (None, _) => Some(plain),
    };
    Some(TlsSource { source: certificate(section)?, redirect_from, hsts_s: section.number("hsts")? / 1_000 })
}

fn certificate(section: &Section) -> Option<CertificateSource> {
    match section.entry("acme") {
        Some(entry) => acme(&entry.node).map(CertificateSource::Acme),
        None => files(section).map(CertificateSource::Files),
    }
}

fn acme(node: &Node) -> Option<Acme> {
    match node {
        Node::Text(contact) => Some(Acme { contact: contact.clone(), directory: DIRECTORY.into(), root: None }),
        Node::Section(acme) => Some(Acme {
            contact: acme.text("contact")?,
            directory: acme.text("directory").unwrap_or_else(|| DIRECTORY.into()),
            root: acme.text("root"),
        }),
        _ => None,
    }
}

fn files(section: &Section) -> Option<CertificateFiles> {
    let key = match &section.entry("key")?.node {
        Node::Text(path) => KeySource::File(path.clone()),
        Node::Section(key) => KeySource::Secret(key.text("secret")?),
        _ => return None,
    };
    Some(CertificateFiles { certificate: section.text("certificate")?, key })
}

/// Says what is missing in `section`, or too much.
pub(super) fn fit(section: &Section, report: &mut Report<'_>) {
    let missing = |what: &str, write: &str| (format!("{what} is missing in `tls`"), format!("write `{write}`"));
    let (message, help) = match (section.has("certificate"), section.has("key"), section.has("acme")) {
        (true, true, false) | (false, false, true) => return,
        (true, false, false) => missing("`key`, the private key of the certificate,", "key = { secret = \"TLS_KEY\" }"),
        (false, true, false) => missing("`certificate`, to which the key belongs,", "certificate = \"certs/shop.pem\""),
        (false, false, false) => {
            missing("where the certificate comes from", "acme = \"ops@shop.example\"` for one from an authority, or `certificate` and `key")
        }
        (_, _, true) => {
            let place = section.span_of(if section.has("certificate") { "certificate" } else { "key" });
            let message = "a certificate comes from files, or from an authority (`acme`)";
            return report.error("two-sources", &place, message, "keep `certificate` and `key`, or `acme`");
        }
    };
    report.error("missing-key", &section.span, message, help);
}

/// Says where plain HTTP and HTTPS want the same port, and what an authority could not issue a certificate for. With each component comes the place of its route.
pub(super) fn judge<'a>(components: impl Iterator<Item = (&'a ComponentName, &'a Component, Range<usize>)>, report: &mut Report<'_>) {
    for (name, component, span) in components {
        let (Some(route), Some(tls)) = (&component.route, &component.tls) else { continue };
        if tls.source.acme().is_some() && route.matches.host.is_none() {
            let message = format!("the route of {} has no host name, and an authority issues certificates for names alone", shown(name.as_str()));
            report.error("acme-without-host", &span, message, "give the route a `host`, or a certificate from files");
        }
        if tls.source.acme().is_some() && tls.redirect_from.is_none() {
            let message =
                format!("the authority asks for {} by plain HTTP before it issues a certificate, and nothing listens for that", shown(name.as_str()));
            report.error(
                "acme-without-plain-http",
                &span,
                message,
                "leave `redirect_from` out of `tls`, or name the port that the authority's port 80 leads to",
            );
        }
        if tls.redirect_from == Some(route.matches.port) {
            let message = format!("{} speaks HTTPS on port {}, from where plain HTTP is sent to it", shown(name.as_str()), route.matches.port);
            let help = "give the route another `port`, or its `tls` another `redirect_from` (`false` for none)";
            report.error("redirect-conflict", &span, message, help);
        }
    }
}

/// `findings` about the certificate from `files`, each with the place where the manifest `text` names it for `environment`.
#[must_use]
pub fn placed(text: &str, file: &str, environment: &EnvironmentName, files: &CertificateFiles, findings: Vec<Finding>) -> Vec<Finding> {
    let manifest = document::document(text, &mut Report::new(text, file)).manifest;
    let place = span(&manifest, environment, files).map(|span| Report::new(text, file).place(&span));
    findings.into_iter().map(|finding| Finding { place: place.clone(), ..finding }).collect()
}

fn span(manifest: &Section, environment: &EnvironmentName, wanted: &CertificateFiles) -> Option<Range<usize>> {
    let environment = manifest.section("environments").and_then(|all| all.section(environment.as_str()));
    let overrides = environment.and_then(|one| one.section("components"));
    let merged = |(name, section)| merge::component(section, None, overrides.and_then(|all| all.section(name)));
    let routes: Vec<Section> = manifest.sections("components").map(merged).filter_map(|component| component.section("route").cloned()).collect();
    let named = |owner: &Section| owner.section("tls").filter(|tls| files(tls).as_ref() == Some(wanted)).map(|tls| tls.span_of("certificate"));
    routes.iter().chain(environment).find_map(named)
}
