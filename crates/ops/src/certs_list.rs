//! Tells which certificates the routes of an environment show right now.

use std::collections::BTreeMap;

use plimsoll_api::{FailedRenewal, Service};
use plimsoll_model::route::Tls;
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, Digest, EnvironmentKey, EnvironmentName, HostName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::views::url;
use crate::{Context, OpError, Progress, certificates, hosts, project};

/// Which environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub environment: EnvironmentName,
}

/// What its routes show.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// One row for each route with TLS.
    pub certificates: Vec<Shown>,
}

/// The certificate of a route.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Shown {
    /// The component that the route leads to.
    pub component: ComponentName,
    /// Where a person finds it.
    pub url: String,
    /// Names the certificate.
    pub digest: Digest,
    /// When it expires.
    pub expires_at: Moment,
    /// For how many more whole days it is valid.
    pub days_left: u64,
    /// The port of plain HTTP from where requests are sent on.
    pub redirect_from: Option<u16>,
    /// Who issues it, as the URL of its directory; none where it comes from files.
    pub authority: Option<String>,
    /// When the host has it renewed by itself.
    pub renew_at: Option<Moment>,
    /// Why the last renewal came to nothing, when it did.
    pub failed: Option<FailedRenewal>,
    /// For how long browsers come by HTTPS only, in seconds.
    pub hsts_s: u64,
}

/// Asks all hosts. Where this machine has never been a host nothing is shown, and nothing is started to find that out.
///
/// # Errors
/// The manifest is not right, or a host cannot be reached.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let key = loaded.key();
    let Some(fleet) = hosts::connect_existing(context, &loaded.project).await? else { return Ok(Output { key, certificates: Vec::new() }) };
    let (mut certificates, now) = (BTreeMap::new(), hosts::now());
    for (host, services) in fleet.all(|_, host| host.services(&key)).await {
        for shown in services?.into_iter().filter_map(|service| shown(&host, service, now)) {
            // Of a component that is on several hosts, the home host tells.
            if host == fleet.home || !certificates.contains_key(&shown.component) {
                certificates.insert(shown.component.clone(), shown);
            }
        }
    }
    Ok(Output { key, certificates: certificates.into_values().collect() })
}

fn shown(host: &HostName, service: Service, now: Moment) -> Option<Shown> {
    let route = service.route?;
    let url = url(host, &route);
    let Tls { certificate, expires_at, redirect_from, hsts_s, .. } = route.tls?;
    let days_left = certificates::days(expires_at.since(now));
    let (authority, renew_at, failed) = match service.enrolled {
        Some(enrolled) => (Some(enrolled.enrolment.directory), enrolled.renew_at, enrolled.failed),
        None => (None, None, None),
    };
    Some(Shown { component: service.name, url, digest: certificate, expires_at, days_left, redirect_from, authority, renew_at, failed, hsts_s })
}
