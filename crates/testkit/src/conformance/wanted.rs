//! Components as cases want them.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::manifest::project::StrategyName;
use plimsoll_model::plan::{DesiredComponent, DesiredKind};
use plimsoll_model::route::{Match, RouteSpec};
use plimsoll_model::slot::{Limits, ProcessSpec};

use super::Program;

/// How long a slot may take until it is healthy, in milliseconds: far more than one takes that gets so.
pub(super) const START_TIMEOUT_MS: u64 = 30_000;

/// A component that runs a program by this command line, behind a route on this port.
pub(super) fn component(command: String, program: &Program, port: u16) -> DesiredComponent {
    let matches = Match { port, host: None, path: "/".into() };
    DesiredComponent {
        release: program.release(),
        kind: DesiredKind::Process(process(command)),
        shared: vec![],
        route: Some(RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 10_000, tls: None }),
        depends_on: BTreeSet::new(),
        strategy: StrategyName::BlueGreen,
        rolling: None,
        hosts: None,
    }
}

/// How that program is run. What a case wants otherwise, it changes.
pub(super) fn process(run: String) -> ProcessSpec {
    ProcessSpec {
        run,
        health: HealthCheck { question: Question::Http { path: "/health".into() }, interval_ms: 50, timeout_ms: 1_000 },
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        user: None,
        limits: Limits::default(),
        start_timeout_ms: START_TIMEOUT_MS,
        drain_timeout_ms: 5_000,
    }
}
