//! The certificates that the manifest names: read where plimsoll is called, judged, and made ready to travel.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use plimsoll_api::{Certificate, Certificates};
use plimsoll_certificate::{About, Case, Pair, is_trust, judge};
use plimsoll_model::finding::{Finding, Severity};
use plimsoll_model::manifest::placed;
use plimsoll_model::manifest::project::{Acme, CertificateFiles, KeySource};
use plimsoll_model::time::Moment;
use plimsoll_model::{Digest, Secret};
use plimsoll_vault::Values;

use crate::project::{Loaded, MANIFEST};
use crate::{Context, Event, Exit, OpError, Progress, hosts};

/// All certificates of an environment.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// What hosts are sent.
    pub(crate) certificates: Certificates,
    /// What each pair of files turned out to be, and when it expires.
    pub(crate) known: BTreeMap<CertificateFiles, (Digest, Moment)>,
    /// What authorities of one's own are trusted by, by the names of their files.
    pub(crate) roots: BTreeMap<String, String>,
    /// What may hurt some day.
    pub(crate) warnings: Vec<Finding>,
}

impl Gathered {
    /// Tells the warnings.
    pub(crate) fn tell(&self, progress: &Progress) {
        for Finding { message, help, .. } in &self.warnings {
            let help = help.as_ref().map(|help| format!(" (help: {help})")).unwrap_or_default();
            drop(progress.send(Event::Notice { message: format!("{message}{help}") }));
        }
    }
}

/// Reads and judges the certificates of all routes, as it is `now`; `keys` are those of them that are secrets.
///
/// # Errors
/// All that is wrong with any of them: clients would turn away.
pub(crate) fn gather(context: &Context, loaded: &Loaded, keys: &Values, now: Moment) -> Result<Gathered, OpError> {
    let (mut gathered, mut wrong) = (Gathered::default(), Vec::new());
    for (files, hosts) in loaded.project.certificates() {
        let place = |findings| placed(&loaded.text, MANIFEST, &loaded.project.environment.name, files, findings);
        let key = key(context, &files.key, keys);
        match one(context, files, key, &hosts, now) {
            Ok((pair, warnings)) => {
                let About { digest, expires_at } = pair.about();
                gathered.known.insert(files.clone(), (digest, expires_at));
                gathered.certificates.0.insert(digest, Certificate { chain: pair.chain().to_owned(), key: pair.key().clone() });
                gathered.warnings.extend(place(warnings));
            }
            Err(findings) => wrong.extend(place(findings)),
        }
    }
    for acme in loaded.project.authorities().into_keys() {
        match root(context, acme) {
            Ok(root) => gathered.roots.extend(root),
            Err(finding) => wrong.push(finding),
        }
    }
    if wrong.is_empty() { Ok(gathered) } else { Err(unfit(wrong)) }
}

/// Reads and judges the certificate of a server of ours, from files named absolutely or from the project's folder.
///
/// # Errors
/// All that is wrong with it: clients would turn away.
pub fn certificate_of(context: &Context, certificate: &str, key: &str) -> Result<Pair, OpError> {
    let files = CertificateFiles { certificate: certificate.to_owned(), key: KeySource::File(key.to_owned()) };
    let secret = read(context, key, "key-missing").map(Secret::new);
    let (pair, _) = one(context, &files, secret, &[], hosts::now()).map_err(unfit)?;
    Ok(pair)
}

/// What an authority of one's own is trusted by.
fn root(context: &Context, acme: &Acme) -> Result<Option<(String, String)>, Finding> {
    let Some(named) = &acme.root else { return Ok(None) };
    let text = read(context, named, "root-missing")?;
    if is_trust(&text) {
        return Ok(Some((named.clone(), text)));
    }
    let message = format!("{named} holds no certificate that {} could be trusted by, or a private key", acme.directory);
    Err(finding(Severity::Error, "root-unfit", message, "give the PEM file of the authority's own certificate, and nothing else".into()))
}

/// How many whole days `ms` milliseconds are.
pub(crate) fn days(ms: u64) -> u64 {
    ms / 86_400_000
}

fn one(
    context: &Context,
    files: &CertificateFiles,
    key: Result<Secret<String>, Finding>,
    hosts: &[&str],
    now: Moment,
) -> Result<(Pair, Vec<Finding>), Vec<Finding>> {
    let name = files.key.to_string();
    let chain = read(context, &files.certificate, "certificate-missing");
    match (chain, key) {
        (Ok(chain), Ok(key)) => {
            let case = Case { certificate: &files.certificate, key: &name, hosts, now };
            let (pair, mut warnings) = judge(&case, &chain, &key)?;
            warnings.extend(open_to_others(context, &files.key));
            Ok((pair, warnings))
        }
        (chain, key) => Err(chain.err().into_iter().chain(key.err()).collect()),
    }
}

fn key(context: &Context, source: &KeySource, keys: &Values) -> Result<Secret<String>, Finding> {
    match source {
        KeySource::File(path) => read(context, path, "key-missing").map(Secret::new),
        KeySource::Secret(name) => keys.get(name).cloned().ok_or_else(|| {
            let help = format!(
                "keep it in the environment's file (plimsoll secrets set ENVIRONMENT {name} < KEY.pem), or set {name} where plimsoll is called"
            );
            finding(Severity::Error, "secret-missing", format!("the secret {name}, a private key, has no value"), help)
        }),
    }
}

/// A file of the caller's machine. An absolute path stays what it is.
fn path(context: &Context, path: &str) -> PathBuf {
    context.project.join(path)
}

fn read(context: &Context, named: &str, code: &str) -> Result<String, Finding> {
    // What is in it is not told, whatever it is: it may be a key.
    std::fs::read_to_string(path(context, named)).map_err(|error| {
        let message = match error.kind() {
            std::io::ErrorKind::InvalidData => format!("{named} is no PEM, which is text"),
            _ => format!("{named} cannot be read: {error}"),
        };
        let help = "paths are relative to the project's folder, or absolute; the files are read where plimsoll is called".into();
        finding(Severity::Error, code, message, help)
    })
}

fn open_to_others(context: &Context, source: &KeySource) -> Option<Finding> {
    let KeySource::File(named) = source else { return None };
    let mode = std::fs::metadata(path(context, named)).ok()?.permissions().mode() & 0o777;
    let message = || format!("{named} is a private key that other users of this machine may read (mode {mode:o})");
    (mode & 0o044 != 0).then(|| finding(Severity::Warning, "key-open", message(), format!("chmod 600 {named}")))
}

fn finding(severity: Severity, code: &str, message: String, help: String) -> Finding {
    Finding { severity, code: code.into(), place: None, message, help: Some(help) }
}

fn unfit(findings: Vec<Finding>) -> OpError {
    let mut errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let error = match (errors.next(), errors.count()) {
        (Some(only), 0) => OpError { help: only.help.clone(), ..OpError::new(Exit::Manifest, only.code.clone(), only.message.clone()) },
        (_, more) => OpError::new(Exit::Manifest, "certificates-unfit", format!("the certificates have {} mistakes", more + 1)),
    };
    OpError { findings, ..error }
}

#[cfg(test)]
mod tests;
