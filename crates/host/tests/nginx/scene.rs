//! A host's routes through an nginx of its own.

use std::path::Path;

use plimsoll_host::Trouble;
use plimsoll_host::policy::Policy;
use plimsoll_host::route::{Nginx, Router};
use plimsoll_model::route::{About, Match, Route, RouteSpec, Upstream};
use plimsoll_model::{DeploymentId, EnvironmentKey, SlotId};
use plimsoll_testkit::fixtures;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The routes as a daemon has them in its hands.
pub fn router(nginx: &fixtures::Nginx) -> Nginx {
    let file = nginx.path("host.toml");
    std::fs::write(&file, nginx.policy()).expect("there is room");
    let policy = Policy::read(&file).unwrap_or_else(|trouble| panic!("{trouble}"));
    Nginx::new(policy.nginx)
}

pub fn key() -> EnvironmentKey {
    EnvironmentKey { project: "shop".parse().expect("it is a name"), environment: "dev".parse().expect("it is a name") }
}

pub fn slot() -> SlotId {
    "web-1".parse().expect("it is a name")
}

/// A route for all requests to `port`.
pub fn route(port: u16, upstream: Upstream) -> Route {
    let about = About {
        deployment: DeploymentId::new("d1").expect("it is a name"),
        version: "1".into(),
        commit: None,
        branch: None,
        deployed_at: "2026-01-01T00:00:00Z".into(),
    };
    let matches = Match { port, host: None, path: "/".into() };
    let spec = RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 60_000, tls: None };
    Route { key: key(), component: "web".parse().expect("it is a name"), spec, upstream, certificate: None, about }
}

/// The same as another component, for one host name and below a path.
pub fn below(mut route: Route, component: &str, host: Option<&str>, path: &str) -> Route {
    route.component = component.parse().expect("it is a name");
    route.spec.matches.host = host.map(str::to_owned);
    route.spec.matches.path = path.into();
    route
}

pub fn site(port: u16, root: &Path) -> Route {
    route(port, Upstream::Site { root: root.to_owned() })
}

/// Serves, and says that it does.
pub async fn applied(router: &Nginx, routes: &[Route]) {
    router.apply(routes.to_vec()).await.unwrap_or_else(|trouble| panic!("{trouble} {:?}", trouble.output));
}

/// Does not, and says why.
pub async fn refused(router: &Nginx, routes: &[Route]) -> Trouble {
    router.apply(routes.to_vec()).await.expect_err("this cannot be served")
}

/// The whole answer to a GET on a connection of its own.
pub async fn ask(port: u16, host: &str, path: &str, more: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the port is open");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{more}\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is read");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it is answered");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The body of the answer.
pub async fn get(port: u16) -> String {
    body(&ask(port, "shop.example", "/", "").await)
}

pub fn body(answer: &str) -> String {
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}
