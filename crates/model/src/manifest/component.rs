//! Making a [`Component`] of a section. Says nothing: where a value is missing, its mistake was told before.

use super::placement::{self, Host};
use super::project::{Build, Component, Kind, Process, StrategyName, TlsSource};
use super::section::{Node, Section};
use super::tls;
use crate::check::{HealthCheck, Question};
use crate::copy::CopySpec;
use crate::plan::MaxUnavailable;
use crate::route::{Match, RouteSpec};
use crate::slot::Limits;
use crate::{ComponentName, RelPath};

/// Port that people use when the manifest names none: on hosts, plain and with TLS.
const HOST_PORTS: (u16, u16) = (80, 443);

/// The same on this machine, where those may not be ours.
const LOCAL_PORTS: (u16, u16) = (8080, 8443);

/// How long a program must stay up that listens nowhere, in milliseconds.
const STAYS_UP_MS: u64 = 1_000;

/// The strategy that goes from host to host.
pub(super) const ROLLING: &str = "rolling";

/// What an environment gives to all of its components.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    /// All of it is this machine.
    pub here: bool,
    /// Its certificate.
    pub tls: Option<&'a Section>,
    /// Its hosts, where labels tell them apart.
    pub hosts: Option<&'a [Host]>,
    /// What it wants of copies of its backups.
    pub copy: Option<&'a CopySpec>,
}

/// The component that `section` describes.
pub(super) fn component(section: &Section, ground: Ground<'_>) -> Option<Component> {
    let kind = kind(section)?;
    let (route, tls) = match section.section("route") {
        Some(route) => routed(section, route, ground)?,
        None => (None, None),
    };
    let depends_on = section.texts("depends_on").into_iter().filter_map(|(name, _)| ComponentName::new(name).ok()).collect();
    Some(Component {
        path: section.path("path")?,
        sources: section.paths("sources"),
        build: build(section),
        test: section.text("test"),
        strategy: strategy(section, &kind, route.is_some()),
        rolling: rolling(section),
        hosts: ground.hosts.and_then(|hosts| placement::places(section, hosts)),
        kind,
        route,
        tls,
        depends_on,
        shared: section.paths("shared"),
    })
}

fn kind(section: &Section) -> Option<Kind> {
    match section.path("site") {
        Some(root) => Some(Kind::Site { root }),
        None => process(section).map(Kind::Process),
    }
}

fn process(section: &Section) -> Option<Process> {
    Some(Process {
        run: section.text("run")?,
        health: health(section)?,
        env: section.map("env"),
        secrets: section.texts("secrets").into_iter().map(|(name, _)| name).collect(),
        user: section.text("user"),
        limits: section.section("limits").map(limits).unwrap_or_default(),
        start_timeout_ms: section.number("start_timeout")?,
        drain_timeout_ms: section.number("drain_timeout")?,
    })
}

fn build(section: &Section) -> Option<Build> {
    match &section.entry("build")?.node {
        Node::Text(command) => Some(Build { command: command.clone(), output: vec![RelPath::here()] }),
        Node::Section(build) => Some(Build { command: build.text("command")?, output: build.paths("output") }),
        _ => None,
    }
}

fn health(section: &Section) -> Option<HealthCheck> {
    let unnamed = Section::new(0..0, Some(&super::keys::HEALTH));
    let health = section.section("health").unwrap_or(&unnamed);
    let path = section.text("health").or_else(|| health.text("path"));
    let question = match (path, health.number("stays_up"), health.flag("connect")) {
        (Some(path), ..) => Question::Http { path },
        (_, Some(for_ms), _) => Question::StaysUp { for_ms },
        (.., Some(true)) => Question::Connect,
        _ if section.has("route") => Question::Connect,
        _ => Question::StaysUp { for_ms: STAYS_UP_MS },
    };
    Some(HealthCheck { question, interval_ms: health.number("interval")?, timeout_ms: health.number("timeout")? })
}

fn routed(section: &Section, route: &Section, ground: Ground<'_>) -> Option<(Option<RouteSpec>, Option<TlsSource>)> {
    let (plain, secure) = if ground.here { LOCAL_PORTS } else { HOST_PORTS };
    let tls = match route.section("tls").or(ground.tls) {
        Some(tls) => Some(tls::source(tls, plain)?),
        None => None,
    };
    let port = if tls.is_some() { secure } else { plain };
    Some((Some(self::route(section, route, port)?), tls))
}

fn route(section: &Section, route: &Section, port: u16) -> Option<RouteSpec> {
    let port = route.number("port").map_or(Some(port), |port| u16::try_from(port).ok())?;
    let path = route.text("path")?;
    let path = if path == "/" { path } else { path.trim_end_matches('/').to_owned() };
    Some(RouteSpec {
        matches: Match { port, host: route.text("host").map(|host| host.to_ascii_lowercase()), path },
        strip_prefix: route.flag("strip_prefix")?,
        public_status: route.flag("public_status")?,
        spa: section.has("site") && section.flag("spa")?,
        response_timeout_ms: route.number("timeout")?,
        tls: None,
    })
}

fn limits(section: &Section) -> Limits {
    Limits {
        memory_bytes: section.number("memory"),
        open_files: section.number("open_files"),
        processes: section.number("processes"),
        cpu_seconds: section.number("cpu").map(|millis| millis.div_ceil(1_000)),
    }
}

fn strategy(section: &Section, kind: &Kind, routed: bool) -> StrategyName {
    let asked = section.text("strategy");
    let blue_green = match asked.as_deref() {
        _ if matches!(kind, Kind::Site { .. }) => true,
        Some("blue-green") => true,
        Some("recreate") => false,
        _ => routed,
    };
    if blue_green { StrategyName::BlueGreen } else { StrategyName::Recreate }
}

/// How many hosts at once, where they come in batches.
fn rolling(section: &Section) -> Option<MaxUnavailable> {
    let amount = |text: String| text.trim_end_matches('%').parse().ok();
    match section.number("max_unavailable") {
        _ if section.text("strategy").as_deref() != Some(ROLLING) => None,
        Some(count) => u32::try_from(count).ok().map(MaxUnavailable::Hosts),
        None => section.text("max_unavailable").and_then(amount).map(MaxUnavailable::Percent),
    }
}
