//! What makes a plan impossible, found before anything is done.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cycle, Desired, DesiredComponent, Observed, PortUse, SchemaTrouble};
use crate::route::{Match, RouteSpec};
use crate::{ComponentName, EnvironmentKey, HostName, ReleaseId};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Components wait for each other.
    #[error("components depend on each other in a circle: {}", circle(.0))]
    Cycle(Vec<ComponentName>),
    /// A component depends on one that is not in the environment.
    #[error("component {component} depends on {missing}, which is not there")]
    UnknownDependency {
        /// The component.
        component: ComponentName,
        /// What it names.
        missing: ComponentName,
    },
    /// Two components ask for the same traffic.
    #[error("components {first} and {second} have the same route: {}", describe(.matches))]
    SharedRoute {
        /// One.
        first: ComponentName,
        /// The other.
        second: ComponentName,
        /// What both ask for.
        matches: Match,
    },
    /// A route passes from one component to another, which cannot be done in one switch.
    #[error("the route of {to} ({}) still belongs to {from}", describe(.matches))]
    RouteMoves {
        /// Who has it.
        from: ComponentName,
        /// Who asks for it.
        to: ComponentName,
        /// The route.
        matches: Match,
    },
    /// Another environment on the host has the route.
    #[error("on {host}, the route of {component} ({}) belongs to {owner}", describe(.matches))]
    ForeignRoute {
        /// The host.
        host: HostName,
        /// Who asks for it.
        component: ComponentName,
        /// Who has it.
        owner: EnvironmentKey,
        /// The route.
        matches: Match,
    },
    /// A program that is none of ours listens on the port.
    #[error("on {host}, port {port} for {component} is taken by another program")]
    PortTaken {
        /// The host.
        host: HostName,
        /// Who asks for it.
        component: ComponentName,
        /// The port.
        port: u16,
    },
    /// A port would have to speak TLS for one route and plain HTTP for another, if only while they are switched.
    #[error("on {host}, nginx leads the routes and cannot speak HTTPS for {secure} and plain HTTP for {plain} on the same port {port}")]
    MixedPort {
        /// The host.
        host: HostName,
        /// Who speaks TLS there, or did.
        secure: ComponentName,
        /// Who does not, or did not.
        plain: ComponentName,
        /// The port.
        port: u16,
    },
    /// Authorities ask for their proof at a name, and each of its hosts may be the one that is asked.
    #[error("{component} gets its certificate from an authority, and its hosts are several: {}", .hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    EnrolledOnSeveral {
        /// The component.
        component: ComponentName,
        /// All hosts that it is to be on.
        hosts: Vec<HostName>,
    },
    /// None of the hosts that a component goes to is left in the environment.
    #[error("{component} goes to {}, and none of these is in the environment", listed(.hosts))]
    NoHost {
        /// The component.
        component: ComponentName,
        /// Where it goes.
        hosts: BTreeSet<HostName>,
    },
    /// A database cannot be brought to the migrations that it shall have.
    #[error("database {database}: {trouble}")]
    Schema {
        /// The database.
        database: ComponentName,
        /// Why.
        trouble: SchemaTrouble,
    },
    /// A database that is to begin with the data of a backup has some.
    #[error("database {database} is to begin with the data of a backup, and has data already")]
    Occupied {
        /// The database.
        database: ComponentName,
    },
    /// A rollback needs a release that a host has no more.
    #[error("{host} has no release {} of {component} any more", .release.short())]
    ReleaseGone {
        /// The host.
        host: HostName,
        /// Its component.
        component: ComponentName,
        /// The release.
        release: ReleaseId,
    },
}

impl PlanError {
    /// Stable name of the kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            PlanError::Cycle(_) => "dependency-cycle",
            PlanError::UnknownDependency { .. } => "unknown-dependency",
            PlanError::SharedRoute { .. } => "shared-route",
            PlanError::RouteMoves { .. } => "route-moves",
            PlanError::ForeignRoute { .. } => "route-taken",
            PlanError::PortTaken { .. } => "port-taken",
            PlanError::MixedPort { .. } => "tls-mixed-port",
            PlanError::EnrolledOnSeveral { .. } => "acme-several-hosts",
            PlanError::NoHost { .. } => "no-host",
            PlanError::Schema { trouble, .. } => trouble.code(),
            PlanError::Occupied { .. } => "database-occupied",
            PlanError::ReleaseGone { .. } => "release-gone",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            PlanError::Cycle(_) => "take one of these out of depends_on".into(),
            PlanError::UnknownDependency { missing, .. } => format!("add [components.{missing}], or take it out of depends_on"),
            PlanError::SharedRoute { .. } => "give one of them another port, host or path".into(),
            PlanError::RouteMoves { from, .. } => format!("deploy once without the route of {from}, or give the other one a route of its own"),
            PlanError::ForeignRoute { owner, .. } => format!("choose another port, host or path, or take {owner} down first"),
            PlanError::PortTaken { port, .. } => {
                format!(
                    "choose another port for the route (`port`, or `redirect_from` of its `tls`), or stop what listens on {port} (ss -ltnp 'sport = :{port}' shows it)"
                )
            }
            PlanError::MixedPort { .. } => "give one of them another `port`: HTTPS has 443, from where plain HTTP is sent on has 80".into(),
            PlanError::EnrolledOnSeveral { .. } => {
                "give it a certificate from files (`certificate` and `key`), or have it routed on one host: only that can answer the authority for sure".into()
            }
            PlanError::NoHost { .. } => "add one of them to the environment again, or deploy instead of rolling back".into(),
            PlanError::Schema { trouble, .. } => trouble.help(),
            PlanError::Occupied { .. } => {
                "deploy, which goes on with the data that is there; then restore the backup, which tells what would be lost by that".into()
            }
            PlanError::ReleaseGone { .. } => {
                "choose a deployment whose releases are still kept (plimsoll history shows them), or deploy its commit".into()
            }
        }
    }
}

impl From<Cycle> for PlanError {
    fn from(cycle: Cycle) -> Self {
        PlanError::Cycle(cycle.0)
    }
}

fn circle(names: &[ComponentName]) -> String {
    names.iter().chain(names.first()).map(ToString::to_string).collect::<Vec<_>>().join(" → ")
}

fn listed(hosts: &BTreeSet<HostName>) -> String {
    hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn describe(matches: &Match) -> String {
    format!("port {}{}, path {}", matches.port, matches.host.as_ref().map(|host| format!(", host {host}")).unwrap_or_default(), matches.path)
}

/// Judges dependencies of what is wanted, and on each host the routes that go there against what it was seen to hold.
///
/// # Errors
/// The first thing that makes it impossible.
pub fn judge(desired: &Desired, hosts: &BTreeMap<HostName, Observed>) -> Result<(), PlanError> {
    judge_dependencies(desired)?;
    judge_places(desired, hosts)?;
    judge_enrolments(desired, hosts)?;
    hosts.iter().try_for_each(|(host, seen)| {
        let routes = judge_routes(desired.on(host))?;
        judge_own(&routes, seen)?;
        judge_protocols(desired, host, seen)?;
        judge_foreign(&routes, host, seen)
    })
}

fn judge_dependencies(desired: &Desired) -> Result<(), PlanError> {
    for (component, wanted) in &desired.components {
        if let Some(missing) = wanted.depends_on.iter().find(|name| !desired.components.contains_key(name)) {
            return Err(PlanError::UnknownDependency { component: component.clone(), missing: missing.clone() });
        }
    }
    Ok(())
}

fn judge_places(desired: &Desired, hosts: &BTreeMap<HostName, Observed>) -> Result<(), PlanError> {
    match desired.components.iter().find(|(_, wanted)| !hosts.keys().any(|host| wanted.is_for(host))) {
        Some((component, wanted)) => Err(PlanError::NoHost { component: component.clone(), hosts: wanted.hosts.clone().unwrap_or_default() }),
        None => Ok(()),
    }
}

/// What goes to one host, by its routes.
type Routes<'a> = BTreeMap<&'a Match, (&'a ComponentName, &'a RouteSpec)>;

fn judge_routes<'a>(here: impl Iterator<Item = (&'a ComponentName, &'a DesiredComponent)>) -> Result<Routes<'a>, PlanError> {
    let mut routes = Routes::new();
    for (component, wanted) in here {
        let Some(route) = &wanted.route else { continue };
        if let Some((first, _)) = routes.insert(&route.matches, (component, route)) {
            return Err(PlanError::SharedRoute { first: first.clone(), second: component.clone(), matches: route.matches.clone() });
        }
    }
    Ok(routes)
}

/// A route that leaves its component is taken away after this one would get it, also when that component leaves the host.
fn judge_own(routes: &Routes<'_>, seen: &Observed) -> Result<(), PlanError> {
    for (from, component) in &seen.components {
        let Some(route) = component.served.as_ref().and_then(|served| served.route.as_ref()) else { continue };
        if let Some((to, _)) = routes.get(&route.matches).filter(|(to, _)| *to != from) {
            return Err(PlanError::RouteMoves { from: from.clone(), to: (*to).clone(), matches: route.matches.clone() });
        }
    }
    Ok(())
}

/// Each host would ask for a certificate of its own, and the authority for the proof at any of them.
fn judge_enrolments(desired: &Desired, hosts: &BTreeMap<HostName, Observed>) -> Result<(), PlanError> {
    let is_enrolled = |wanted: &DesiredComponent| wanted.route.as_ref().and_then(|route| route.tls.as_ref()?.enrolment.as_ref()).is_some();
    let on = |wanted: &DesiredComponent| hosts.keys().filter(|host| wanted.is_for(host)).cloned().collect::<Vec<_>>();
    match desired.components.iter().find(|(_, wanted)| is_enrolled(wanted) && on(wanted).len() > 1) {
        Some((component, wanted)) => Err(PlanError::EnrolledOnSeveral { component: component.clone(), hosts: on(wanted) }),
        None => Ok(()),
    }
}

/// Components switch one after the other, so what each has now counts beside what each is to have.
fn judge_protocols(desired: &Desired, host: &HostName, seen: &Observed) -> Result<(), PlanError> {
    let wanted = desired.on(host).filter_map(|(name, wanted)| Some((name, wanted.route.as_ref()?)));
    let served = seen.components.iter().filter_map(|(name, seen)| Some((name, seen.served.as_ref()?.route.as_ref()?)));
    let spoken: Vec<(&ComponentName, u16, bool)> =
        wanted.chain(served).flat_map(|(name, route)| route.protocols().map(move |(port, secure)| (name, port, secure))).collect();
    let plain_beside = |one: &ComponentName, on: u16| spoken.iter().find(|(name, port, secure)| *name != one && *port == on && !secure);
    for (secure, port, _) in spoken.iter().filter(|(_, _, secure)| seen.one_protocol && *secure) {
        if let Some((plain, ..)) = plain_beside(secure, *port) {
            return Err(PlanError::MixedPort { host: host.clone(), secure: (*secure).clone(), plain: (*plain).clone(), port: *port });
        }
    }
    Ok(())
}

fn judge_foreign(routes: &Routes<'_>, host: &HostName, seen: &Observed) -> Result<(), PlanError> {
    for (matches, (component, route)) in routes {
        if let Some((owner, _)) = seen.foreign_routes.iter().find(|(_, foreign)| foreign == *matches) {
            return Err(PlanError::ForeignRoute {
                host: host.clone(),
                component: (*component).clone(),
                owner: owner.clone(),
                matches: (*matches).clone(),
            });
        }
        if let Some(port) = route.ports().find(|port| seen.ports.get(port) == Some(&PortUse::Other)) {
            return Err(PlanError::PortTaken { host: host.clone(), component: (*component).clone(), port });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Digest;

    #[test]
    fn every_error_names_its_place_and_says_what_to_do() {
        let name = |name: &str| name.parse::<ComponentName>().unwrap();
        let (web, api, host) = (name("web"), name("api"), HostName::local());
        let plain = Match { port: 80, host: None, path: "/".into() };
        let named = Match { host: Some("a.example".into()), path: "/x".into(), ..plain.clone() };
        let owner = EnvironmentKey { project: "shop".parse().unwrap(), environment: "dev".parse().unwrap() };
        let release = ReleaseId(Digest::of(b"x"));
        let gone = format!("local has no release {} of web any more", release.short());
        for (error, code, message, help) in [
            (PlanError::from(Cycle(vec![web.clone(), api.clone()])), "dependency-cycle", "in a circle: web → api → web", "out of depends_on"),
            (
                PlanError::UnknownDependency { component: web.clone(), missing: api.clone() },
                "unknown-dependency",
                "web depends on api",
                "add [components.api]",
            ),
            (
                PlanError::SharedRoute { first: web.clone(), second: api.clone(), matches: plain.clone() },
                "shared-route",
                "web and api have the same route: port 80, path /",
                "another port, host or path",
            ),
            (
                PlanError::RouteMoves { from: web.clone(), to: api.clone(), matches: named.clone() },
                "route-moves",
                "the route of api (port 80, host a.example, path /x) still belongs to web",
                "deploy once without the route of web",
            ),
            (
                PlanError::ForeignRoute { host: host.clone(), component: web.clone(), owner, matches: plain },
                "route-taken",
                "on local, the route of web (port 80, path /) belongs to shop/dev",
                "take shop/dev down first",
            ),
            (
                PlanError::PortTaken { host: host.clone(), component: web.clone(), port: 80 },
                "port-taken",
                "port 80 for web is taken",
                "what listens on 80",
            ),
            (
                PlanError::NoHost { component: web.clone(), hosts: BTreeSet::from([host.clone()]) },
                "no-host",
                "web goes to local, and none of these",
                "add one of them",
            ),
            (
                PlanError::MixedPort { host: host.clone(), secure: web.clone(), plain: api.clone(), port: 443 },
                "tls-mixed-port",
                "HTTPS for web and plain HTTP for api on the same port 443",
                "another `port`",
            ),
            (PlanError::ReleaseGone { host, component: web, release }, "release-gone", &gone, "plimsoll history"),
        ] {
            assert_eq!(error.code(), code);
            assert!(error.to_string().contains(message), "{error}");
            assert!(error.help().contains(help), "{}", error.help());
        }
    }
}
