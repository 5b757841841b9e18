//! Routes, written short.

use std::net::SocketAddr;
use std::path::Path;

use plimsoll_model::name::{ComponentName, DeploymentId, EnvironmentKey, EnvironmentName, ProjectName};
use plimsoll_model::route::{About, Match, Route, RouteSpec, Upstream};

/// All requests to `port` go to the slot `name` at `address`.
pub fn to_slot(port: u16, name: &str, address: SocketAddr) -> Route {
    route(port, Upstream::Slot { slot: name.to_owned(), address })
}

/// All requests to `port` are answered from the folder `root`.
pub fn to_site(port: u16, root: &Path) -> Route {
    route(port, Upstream::Site { root: root.to_owned() })
}

/// The route for requests below `path` only.
pub fn below(path: &str, mut route: Route) -> Route {
    route.spec.matches.path = path.to_owned();
    route
}

/// The route for requests to `host` only.
pub fn at_host(host: &str, mut route: Route) -> Route {
    route.spec.matches.host = Some(host.to_owned());
    route
}

/// The route with other traits.
pub fn with(mut route: Route, change: impl FnOnce(&mut RouteSpec)) -> Route {
    change(&mut route.spec);
    route
}

fn route(port: u16, upstream: Upstream) -> Route {
    Route {
        key: EnvironmentKey { project: ProjectName::new("shop").unwrap(), environment: EnvironmentName::new("dev").unwrap() },
        component: ComponentName::new("web").unwrap(),
        spec: RouteSpec {
            matches: Match { port, host: None, path: "/".into() },
            strip_prefix: false,
            public_status: false,
            spa: false,
            response_timeout_ms: 60_000,
            tls: None,
        },
        upstream,
        certificate: None,
        about: About {
            deployment: DeploymentId::new("d1").unwrap(),
            version: "1.2.3".into(),
            commit: Some("abc".into()),
            branch: Some("main".into()),
            deployed_at: "2026-01-01T00:00:00Z".into(),
        },
    }
}
