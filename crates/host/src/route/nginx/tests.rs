//! The files for some routes, as nginx reads them.

use std::net::{IpAddr, Ipv4Addr};

use plimsoll_model::route::{About, Match, Route, RouteSpec, Upstream};
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey};

use super::files::Files;
use super::foreign::Foreign;
use super::render::{Places, render};
use super::servers::servers;

/// A route of `component` of the production environment of `project`.
pub(super) fn route(project: &str, component: &str, port: u16, path: &str) -> Route {
    let component: ComponentName = component.parse().unwrap();
    let about = About {
        deployment: DeploymentId::new("d1").unwrap(),
        version: "1".into(),
        commit: None,
        branch: None,
        deployed_at: "2026-01-01T00:00:00Z".into(),
    };
    let matches = Match { port, host: None, path: path.into() };
    let spec = RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 60_000 };
    let key = EnvironmentKey { project: project.parse().unwrap(), environment: "production".parse().unwrap() };
    let upstream = Upstream::Slot { slot: format!("{key}/{component}-1"), address: "127.0.0.1:20001".parse().unwrap() };
    Route { key, component, spec, upstream, about }
}

/// The same for one host name.
pub(super) fn hosted(project: &str, component: &str, port: u16, path: &str, host: &str) -> Route {
    let mut route = route(project, component, port, path);
    route.spec.matches.host = Some(host.into());
    route
}

fn stripped(mut route: Route) -> Route {
    route.spec.strip_prefix = true;
    route
}

fn site(mut route: Route, spa: bool) -> Route {
    route.spec.spa = spa;
    route.upstream = Upstream::Site { root: "/var/lib/plimsoll/site".into() };
    route
}

fn files(routes: &[Route]) -> Files {
    let places = Places { folder: "/etc/nginx/conf.d".into(), sites: "/srv/sites".into(), port: 19_830 };
    let servers = servers(routes, &[IpAddr::V4(Ipv4Addr::LOCALHOST)], &Foreign::default()).unwrap();
    render(&servers, &places).unwrap()
}

fn text(files: &Files, name: &str) -> String {
    String::from_utf8(files[name].clone()).unwrap()
}

#[test]
fn slots_behind_hosts_and_paths() {
    let files = files(&[hosted("shop", "web", 80, "/", "shop.example"), stripped(hosted("shop", "api", 80, "/api", "shop.example"))]);
    insta::assert_snapshot!(text(&files, "plimsoll-shop.production.conf"));
}

#[test]
fn sites_and_applications() {
    let files = files(&[site(route("shop", "web", 80, "/"), false), site(stripped(route("shop", "office", 80, "/office")), true)]);
    insta::assert_snapshot!(text(&files, "plimsoll-shop.production.conf"));
}

#[test]
fn environments_have_files_of_their_own() {
    let files = files(&[
        hosted("shop", "web", 80, "/", "a.example"),
        hosted("blog", "web", 80, "/", "b.example"),
        hosted("blog", "x", 80, "/x", "a.example"),
    ]);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["plimsoll-blog.production.conf", "plimsoll.conf", "plimsoll.proxy", "plimsoll.server", "plimsoll.site"]
    );
    insta::assert_snapshot!(text(&files, "plimsoll-blog.production.conf"));
}

#[test]
fn the_same_routes_are_the_same_bytes_in_any_order() {
    let (one, other) = (route("shop", "web", 80, "/"), route("blog", "web", 81, "/"));
    assert_eq!(files(&[one.clone(), other.clone()]), files(&[other.clone(), one.clone()]));
    let mut moved = one.clone();
    moved.upstream = Upstream::Slot { slot: "shop/production/web-2".into(), address: "127.0.0.1:20002".parse().unwrap() };
    let (before, after) = (files(&[one, other.clone()]), files(&[moved, other]));
    let changed: Vec<&String> = before.keys().filter(|name| before[*name] != after[*name]).collect();
    assert_eq!(changed, ["plimsoll-shop.production.conf", "plimsoll.conf"]);
}
