//! From a project to the state that its hosts shall reach.

use std::collections::BTreeMap;

use super::project::{CertificateFiles, Component, Kind, Process, Project};
use crate::plan::{Desired, DesiredComponent, DesiredKind};
use crate::route::{RouteSpec, Tls};
use crate::slot::ProcessSpec;
use crate::time::Moment;
use crate::{ComponentName, Digest, ReleaseId};

/// What releases, secrets and certificates turned out to be: all of it by hash.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The release of each component.
    pub releases: BTreeMap<ComponentName, ReleaseId>,
    /// Hashes of secret values, by component and name.
    pub secrets: BTreeMap<ComponentName, BTreeMap<String, Digest>>,
    /// Certificates, each with its hash and when it expires.
    pub certificates: BTreeMap<CertificateFiles, (Digest, Moment)>,
}

impl Project {
    /// The state to reach with what is `known`. A component without a release is left out, and so is one without its certificate.
    #[must_use]
    pub fn desired(&self, known: &Known) -> Desired {
        let wanted = |(name, component): (&ComponentName, &Component)| {
            let secrets = known.secrets.get(name).cloned().unwrap_or_default();
            Some((name.clone(), component.desired(*known.releases.get(name)?, secrets, component.route(known)?)))
        };
        Desired { components: self.components.iter().filter_map(wanted).collect() }
    }

    /// The certificates of its routes, each with the host names that it has to cover.
    #[must_use]
    pub fn certificates(&self) -> BTreeMap<&CertificateFiles, Vec<&str>> {
        let mut certificates: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (tls, route) in self.components.values().filter_map(|component| Some((component.tls.as_ref()?, component.route.as_ref()?))) {
            let hosts = certificates.entry(&tls.files).or_default();
            hosts.extend(route.matches.host.as_deref().filter(|host| !hosts.contains(host)));
        }
        certificates
    }
}

impl Component {
    fn desired(&self, release: ReleaseId, secrets: BTreeMap<String, Digest>, route: Option<RouteSpec>) -> DesiredComponent {
        DesiredComponent {
            release,
            kind: match &self.kind {
                Kind::Site { root } => DesiredKind::Site { root: root.clone() },
                Kind::Process(process) => DesiredKind::Process(process.spec(secrets)),
            },
            shared: self.shared.clone(),
            route,
            depends_on: self.depends_on.clone(),
            strategy: self.strategy,
            rolling: self.rolling,
            hosts: self.hosts.clone(),
        }
    }

    /// Its route with its certificate; nothing when that is not known.
    fn route(&self, known: &Known) -> Option<Option<RouteSpec>> {
        let tls = match &self.tls {
            Some(source) => {
                let (certificate, expires_at) = *known.certificates.get(&source.files)?;
                Some(Tls { certificate, expires_at, redirect_from: source.redirect_from, hsts_s: source.hsts_s })
            }
            None => None,
        };
        Some(self.route.clone().map(|route| RouteSpec { tls, ..route }))
    }
}

impl Process {
    fn spec(&self, secrets: BTreeMap<String, Digest>) -> ProcessSpec {
        ProcessSpec {
            run: self.run.clone(),
            health: self.health.clone(),
            env: self.env.clone(),
            secrets,
            user: self.user.clone(),
            limits: self.limits.clone(),
            start_timeout_ms: self.start_timeout_ms,
            drain_timeout_ms: self.drain_timeout_ms,
        }
    }
}
