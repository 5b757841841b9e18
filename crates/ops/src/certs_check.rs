//! Judges the certificates that the manifest names for an environment. No host is asked.

use plimsoll_model::finding::Finding;
use plimsoll_model::time::Moment;
use plimsoll_model::{Digest, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress, certificates, hosts, project, secrets};

/// Whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// Certificates that clients can accept.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    pub environment: EnvironmentName,
    /// The certificates; none where all routes speak plain HTTP.
    pub certificates: Vec<Judged>,
    /// Host names whose certificates the host has issued by an authority: there are no files to judge.
    pub issued: Vec<Issued>,
    /// Warnings; errors fail the operation.
    pub findings: Vec<Finding>,
}

/// Host names for which an authority issues certificates.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Issued {
    /// The URL of its directory.
    pub authority: String,
    /// Whom it writes to.
    pub contact: String,
    /// The host names.
    pub hosts: Vec<String>,
}

/// A certificate that the manifest names.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Judged {
    /// The file of its chain.
    pub certificate: String,
    /// Where its private key is.
    pub key: String,
    /// Names it, wherever it is served.
    pub digest: Digest,
    /// When it expires.
    pub expires_at: Moment,
    /// For how many more whole days it is valid.
    pub days_left: u64,
    /// The host names of the routes that it is for, all of them covered.
    pub hosts: Vec<String>,
}

/// Reads the files and judges them.
///
/// # Errors
/// The manifest is not right; or a certificate, which the error's findings tell.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let (keys, now) = (secrets::keys(context, &loaded, progress).await?, hosts::now());
    let gathered = certificates::gather(context, &loaded, &keys, now)?;
    let judged = |(files, hosts): (&plimsoll_model::manifest::project::CertificateFiles, Vec<&str>)| {
        let (digest, expires_at) = *gathered.known.get(files)?;
        Some(Judged {
            certificate: files.certificate.clone(),
            key: files.key.to_string(),
            digest,
            expires_at,
            days_left: certificates::days(expires_at.since(now)),
            hosts: hosts.into_iter().map(str::to_owned).collect(),
        })
    };
    let certificates = loaded.project.certificates().into_iter().filter_map(judged).collect();
    let owned = |hosts: Vec<&str>| hosts.into_iter().map(str::to_owned).collect();
    let authorities = loaded.project.authorities().into_iter();
    let issued = authorities.map(|(acme, hosts)| Issued { authority: acme.directory.clone(), contact: acme.contact.clone(), hosts: owned(hosts) });
    Ok(Output { environment: input.environment, certificates, issued: issued.collect(), findings: gathered.warnings })
}
