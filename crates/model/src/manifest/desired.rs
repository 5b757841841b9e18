//! From a project to the state that its hosts shall reach.

use std::collections::BTreeMap;

use super::project::{Acme, CertificateFiles, CertificateSource, Component, Environment, Kind, Process, Project, TlsSource};
use crate::database::{DatabaseSpec, Files, Migration, Own};
use crate::plan::{Desired, DesiredComponent, DesiredKind};
use crate::route::{Enrolment, RouteSpec, Tls};
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
    /// The migrations of each database, in their order.
    pub migrations: BTreeMap<ComponentName, Vec<Migration>>,
    /// The files of migrations of each database that the project's own tool migrates.
    pub files: BTreeMap<ComponentName, Files>,
    /// Certificates, each with its hash and when it expires.
    pub certificates: BTreeMap<CertificateFiles, (Digest, Moment)>,
    /// What authorities of one's own are trusted by: the texts of their files, in PEM.
    pub roots: BTreeMap<String, String>,
}

impl Project {
    /// The state to reach with what is `known`. A component without a release is left out, and so is one without its certificate.
    #[must_use]
    pub fn desired(&self, known: &Known) -> Desired {
        let wanted = |(name, component): (&ComponentName, &Component)| {
            Some((
                name.clone(),
                component.desired(*known.releases.get(name)?, component.kind.desired(name, known, &self.environment), component.route(known)?),
            ))
        };
        Desired { components: self.components.iter().filter_map(wanted).collect(), policy: None }
    }

    /// The certificates of its routes, each with the host names that it has to cover.
    #[must_use]
    pub fn certificates(&self) -> BTreeMap<&CertificateFiles, Vec<&str>> {
        let mut certificates: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (tls, route) in self.components.values().filter_map(|component| Some((component.tls.as_ref()?, component.route.as_ref()?))) {
            let Some(files) = tls.source.files() else { continue };
            let hosts = certificates.entry(files).or_default();
            hosts.extend(route.matches.host.as_deref().filter(|host| !hosts.contains(host)));
        }
        certificates
    }

    /// The authorities of its routes, each with the host names that it issues certificates for.
    #[must_use]
    pub fn authorities(&self) -> BTreeMap<&Acme, Vec<&str>> {
        let mut authorities: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for component in self.components.values() {
            let Some(acme) = component.tls.as_ref().and_then(|tls| tls.source.acme()) else { continue };
            let hosts = authorities.entry(acme).or_default();
            let host = component.route.as_ref().and_then(|route| route.matches.host.as_deref());
            hosts.extend(host.filter(|host| !hosts.contains(host)));
        }
        authorities
    }
}

impl Kind {
    fn desired(&self, name: &ComponentName, known: &Known, environment: &Environment) -> DesiredKind {
        let secrets = known.secrets.get(name).cloned().unwrap_or_default();
        match self {
            Kind::Site { root } => DesiredKind::Site { root: root.clone() },
            Kind::Process(process) => DesiredKind::Process(process.spec(secrets)),
            Kind::Database { engine, location, copy, exclusive, own } => {
                let migrations = known.migrations.get(name).cloned().unwrap_or_default();
                let schedule = environment.backups.schedule();
                let (location, copy) = (location.clone(), copy.clone());
                let files = || known.files.get(name).cloned().unwrap_or_default();
                let own = own.as_ref().map(|own| Box::new(Own { tool: own.tool.clone(), files: files() }));
                DesiredKind::Database(DatabaseSpec { engine: *engine, location, secrets, migrations, exclusive: *exclusive, own, schedule, copy })
            }
        }
    }
}

impl Component {
    fn desired(&self, release: ReleaseId, kind: DesiredKind, route: Option<RouteSpec>) -> DesiredComponent {
        DesiredComponent {
            release,
            kind,
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
        let Some(route) = self.route.clone() else { return Some(None) };
        let tls = match &self.tls {
            Some(source) => Some(tls(source, &route, known)?),
            None => None,
        };
        Some(Some(RouteSpec { tls, ..route }))
    }
}

fn tls(source: &TlsSource, route: &RouteSpec, known: &Known) -> Option<Tls> {
    let TlsSource { redirect_from, hsts_s, .. } = *source;
    match &source.source {
        CertificateSource::Files(files) => {
            let (certificate, expires_at) = *known.certificates.get(files)?;
            Some(Tls { certificate, expires_at, redirect_from, hsts_s, enrolment: None })
        }
        CertificateSource::Acme(Acme { contact, directory, root }) => {
            let root = match root {
                Some(file) => Some(known.roots.get(file)?.clone()),
                None => None,
            };
            let enrolment = Enrolment { directory: directory.clone(), contact: contact.clone(), root, host: route.matches.host.clone()? };
            Some(Tls::enrolled(enrolment, redirect_from, hsts_s))
        }
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
