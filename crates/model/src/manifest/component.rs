//! Making a [`Component`] of a section. Says nothing: where a value is missing, its mistake was told before.

use super::project::{Build, Component, Kind, Process, StrategyName};
use super::section::{Node, Section};
use crate::check::{HealthCheck, Question};
use crate::route::{Match, RouteSpec};
use crate::slot::Limits;
use crate::{ComponentName, RelPath};

/// Port that people use when the manifest names none, on hosts.
const HOST_PORT: u16 = 80;

/// Port that people use when the manifest names none, on this machine, where 80 may not be ours.
const LOCAL_PORT: u16 = 8080;

/// How long a program must stay up that listens nowhere, in milliseconds.
const STAYS_UP_MS: u64 = 1_000;

/// The component that `section` describes; `here` when its environment is this machine.
pub(super) fn component(section: &Section, here: bool) -> Option<Component> {
    let kind = kind(section)?;
    let route = match section.section("route") {
        Some(route) => Some(self::route(section, route, here)?),
        None => None,
    };
    let depends_on = section.texts("depends_on").into_iter().filter_map(|(name, _)| ComponentName::new(name).ok()).collect();
    Some(Component {
        path: section.path("path")?,
        sources: section.paths("sources"),
        build: build(section),
        test: section.text("test"),
        strategy: strategy(section, &kind, route.is_some()),
        kind,
        route,
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

fn route(section: &Section, route: &Section, here: bool) -> Option<RouteSpec> {
    let port = match route.number("port") {
        Some(port) => u16::try_from(port).ok()?,
        None => {
            if here {
                LOCAL_PORT
            } else {
                HOST_PORT
            }
        }
    };
    let path = route.text("path")?;
    let path = if path == "/" { path } else { path.trim_end_matches('/').to_owned() };
    Some(RouteSpec {
        matches: Match { port, host: route.text("host").map(|host| host.to_ascii_lowercase()), path },
        strip_prefix: route.flag("strip_prefix")?,
        public_status: route.flag("public_status")?,
        spa: section.has("site") && section.flag("spa")?,
        response_timeout_ms: route.number("timeout")?,
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
    let blue_green = matches!(kind, Kind::Site { .. }) || asked.map_or(routed, |word| word == "blue-green");
    if blue_green { StrategyName::BlueGreen } else { StrategyName::Recreate }
}
