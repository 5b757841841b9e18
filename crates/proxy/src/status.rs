//! What the proxy itself tells of a route: `/_deploy/health` and `/_deploy/status` below the route's path.

use std::time::Duration;

use http::{Method, Response, StatusCode};
use plimsoll_model::route::RouteSpec;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::live::{Entry, Target};
use crate::payload::{self, Payload};
use crate::table::behind;

/// How long a slot may take to accept a connection before it is called unreachable.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// Whether it serves.
    Health,
    /// What it serves.
    Status,
}

/// What `path` asks of a route; most ask nothing of it.
pub(crate) fn question(spec: &RouteSpec, path: &str) -> Option<Question> {
    match behind(path, &spec.matches.path)? {
        "/_deploy/health" => Some(Question::Health),
        "/_deploy/status" => Some(Question::Status),
        _ => None,
    }
}

/// The answer, for those who may have it: this machine (`local`), or everyone if the route says so.
pub(crate) async fn answer(entry: &Entry, question: Question, local: bool, method: &Method) -> Response<Payload> {
    if !(local || entry.route.spec.public_status) || !matches!(*method, Method::GET | Method::HEAD) {
        return payload::text(StatusCode::NOT_FOUND, "not found");
    }
    let serves = serves(&entry.target).await;
    let status = if serves { "serving" } else { "unreachable" };
    match question {
        Question::Health => payload::json(if serves { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &json!({ "status": status })),
        Question::Status => payload::json(StatusCode::OK, &told(entry, status)),
    }
}

fn told(entry: &Entry, status: &str) -> Value {
    let (route, about) = (&entry.route, &entry.route.about);
    json!({
        "project": route.key.project,
        "environment": route.key.environment,
        "component": route.component,
        "version": about.version,
        "commit": about.commit,
        "branch": about.branch,
        "deployment": about.deployment,
        "deployed_at": about.deployed_at,
        "status": status,
    })
}

async fn serves(target: &Target) -> bool {
    match target {
        Target::Slot(slot) => matches!(tokio::time::timeout(PATIENCE, TcpStream::connect(slot.address)).await, Ok(Ok(_))),
        Target::Site(site) => site.given().is_dir(),
    }
}
