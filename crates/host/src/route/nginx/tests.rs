//! The files for some routes, as nginx reads them.

use std::net::{IpAddr, Ipv4Addr};

use plimsoll_model::route::{About, Match, Route, RouteSpec, Tls, Upstream};
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey};

use super::files::Files;
use super::foreign::Foreign;
use super::render::{Places, render, told};
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
    let spec = RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 60_000, tls: None };
    let key = EnvironmentKey { project: project.parse().unwrap(), environment: "production".parse().unwrap() };
    let upstream = Upstream::Slot { slot: format!("{key}/{component}-1"), address: "127.0.0.1:20001".parse().unwrap() };
    Route { key, component, spec, upstream, certificate: None, about }
}

/// The same for one host name.
pub(super) fn hosted(project: &str, component: &str, port: u16, path: &str, host: &str) -> Route {
    let mut route = route(project, component, port, path);
    route.spec.matches.host = Some(host.into());
    route
}

/// The same with the certificate of its project.
pub(super) fn secured(mut route: Route, redirect_from: Option<u16>) -> Route {
    route.certificate = Some(format!("/c/{}.pem", route.key.project).into());
    route.spec.tls = Some(Tls { certificate: Digest::ZERO, expires_at: Moment::LAST, redirect_from, hsts_s: 15_552_000, enrolment: None });
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
    told(render(&servers, &places).unwrap(), "routes".into(), &places)
}

fn text(files: &Files, name: &str) -> String {
    String::from_utf8(files[name].clone()).unwrap()
}

#[test]
fn slots_behind_hosts_and_paths() {
    let files = files(&[hosted("shop", "web", 80, "/", "shop.example"), stripped(hosted("shop", "api", 80, "/api", "shop.example"))]);
    insta::assert_snapshot!(text(&files, "plimsoll-shop.production.conf"), @r##"
    # Written by Plimsoll, and replaced at each change.
    # The servers of shop/production.

    upstream plimsoll.shop.production.api {
        server 127.0.0.1:20001 max_fails=0;
        keepalive 64;
        keepalive_timeout 4s;
    }
    map $request_uri $plimsoll_rest_115ebb59 { default /; "~^/api(?<plimsoll_below>/[^?]*)" $plimsoll_below; }

    upstream plimsoll.shop.production.web {
        server 127.0.0.1:20001 max_fails=0;
        keepalive 64;
        keepalive_timeout 4s;
    }

    server {
        listen 127.0.0.1:80 default_server;
        server_name _;
        include "/etc/nginx/conf.d/plimsoll.server";
        location / { return 404; }
    }

    server {
        listen 127.0.0.1:80;
        server_name shop.example;
        include "/etc/nginx/conf.d/plimsoll.server";
        # web of shop/production
        location "/_deploy/" { return 404; }
        location "/" {
            proxy_pass http://plimsoll.shop.production.web;
            proxy_read_timeout 60000ms;
            proxy_set_header X-Forwarded-Prefix $plimsoll_forwarded_prefix;
            include "/etc/nginx/conf.d/plimsoll.proxy";
        }
        # api of shop/production
        location "/api/_deploy/" { return 404; }
        location = "/api" {
            proxy_pass http://plimsoll.shop.production.api$plimsoll_rest_115ebb59$is_args$args;
            proxy_read_timeout 60000ms;
            proxy_set_header X-Forwarded-Prefix "/api";
            include "/etc/nginx/conf.d/plimsoll.proxy";
        }
        location "/api/" {
            proxy_pass http://plimsoll.shop.production.api$plimsoll_rest_115ebb59$is_args$args;
            proxy_read_timeout 60000ms;
            proxy_set_header X-Forwarded-Prefix "/api";
            include "/etc/nginx/conf.d/plimsoll.proxy";
        }
    }
    "##);
}

#[test]
fn sites_and_applications() {
    let files = files(&[site(route("shop", "web", 80, "/"), false), site(stripped(route("shop", "office", 80, "/office")), true)]);
    insta::assert_snapshot!(text(&files, "plimsoll-shop.production.conf"), @r##"
    # Written by Plimsoll, and replaced at each change.
    # The servers of shop/production.

    server {
        listen 127.0.0.1:80 default_server;
        server_name _;
        include "/etc/nginx/conf.d/plimsoll.server";
        # web of shop/production
        location "/_deploy/" { return 404; }
        location "/" {
            root "/srv/sites/shop.production.web.e54294370b61c4b3";
            error_page 403 404 =404 @missing_ab131b0a;
            include "/etc/nginx/conf.d/plimsoll.site";
        }
        location @missing_ab131b0a {
            root "/srv/sites/shop.production.web.e54294370b61c4b3";
            try_files "/404.html" =404;
            include "/etc/nginx/conf.d/plimsoll.site";
        }
        # office of shop/production
        location "/office/_deploy/" { return 404; }
        location = "/office" { return 301 "/office/$is_args$args"; }
        location "/office/" {
            root "/srv/sites/shop.production.office.7202e0c40b82245b";
            error_page 403 404 = @missing_cb283225;
            include "/etc/nginx/conf.d/plimsoll.site";
        }
        location @missing_cb283225 {
            root "/srv/sites/shop.production.office.7202e0c40b82245b";
            if ($plimsoll_page = 0) { return 404; }
            try_files "/office/index.html" =404;
            include "/etc/nginx/conf.d/plimsoll.site";
        }
    }
    "##);
}

#[test]
fn https_and_the_way_there() {
    let web = secured(hosted("shop", "web", 443, "/", "shop.example"), Some(80));
    let office = secured(site(hosted("shop", "office", 443, "/office", "shop.example"), false), Some(80));
    let files = files(&[web, office]);
    insta::assert_snapshot!(text(&files, "plimsoll-shop.production.conf"), @r##"
    # Written by Plimsoll, and replaced at each change.
    # The servers of shop/production.

    upstream plimsoll.shop.production.web {
        server 127.0.0.1:20001 max_fails=0;
        keepalive 64;
        keepalive_timeout 4s;
    }
    map $upstream_http_strict_transport_security $plimsoll_hsts_ab131b0a { default ""; "" "max-age=15552000"; }

    server {
        listen 127.0.0.1:80 default_server;
        server_name _;
        include "/etc/nginx/conf.d/plimsoll.server";
        location / { return 404; }
    }

    server {
        listen 127.0.0.1:80;
        server_name shop.example;
        include "/etc/nginx/conf.d/plimsoll.server";
        # web of shop/production
        location "/" {
            return 308 https://$host$request_uri;
        }
        location "/.well-known/acme-challenge/" {
            proxy_pass http://plimsoll.shop.production.web;
            proxy_read_timeout 60000ms;
            proxy_set_header X-Forwarded-Prefix $plimsoll_forwarded_prefix;
            include "/etc/nginx/conf.d/plimsoll.proxy";
        }
        # office of shop/production
        location = "/office" {
            return 308 https://$host$request_uri;
        }
        location "/office/" {
            return 308 https://$host$request_uri;
        }
    }

    server {
        listen 127.0.0.1:443 ssl http2 default_server;
        server_name _;
        include "/etc/nginx/conf.d/plimsoll.server";
        include "/etc/nginx/conf.d/plimsoll.tls";
        ssl_reject_handshake on;
        location / { return 404; }
    }

    server {
        listen 127.0.0.1:443 ssl http2;
        server_name shop.example;
        include "/etc/nginx/conf.d/plimsoll.server";
        include "/etc/nginx/conf.d/plimsoll.tls";
        ssl_certificate "/c/shop.pem";
        ssl_certificate_key "/c/shop.pem";
        # web of shop/production
        location "/_deploy/" { return 404; }
        location "/" {
            proxy_pass http://plimsoll.shop.production.web;
            proxy_read_timeout 60000ms;
            proxy_set_header X-Forwarded-Prefix $plimsoll_forwarded_prefix;
            include "/etc/nginx/conf.d/plimsoll.proxy";
            add_header Strict-Transport-Security $plimsoll_hsts_ab131b0a always;
        }
        # office of shop/production
        location "/office/_deploy/" { return 404; }
        location = "/office" {
            root "/srv/sites/shop.production.office.e54294370b61c4b3";
            error_page 403 404 =404 @missing_cb283225;
            include "/etc/nginx/conf.d/plimsoll.site";
            add_header Strict-Transport-Security "max-age=15552000" always;
        }
        location "/office/" {
            root "/srv/sites/shop.production.office.e54294370b61c4b3";
            error_page 403 404 =404 @missing_cb283225;
            include "/etc/nginx/conf.d/plimsoll.site";
            add_header Strict-Transport-Security "max-age=15552000" always;
        }
        location @missing_cb283225 {
            root "/srv/sites/shop.production.office.e54294370b61c4b3";
            try_files "/404.html" =404;
            include "/etc/nginx/conf.d/plimsoll.site";
            add_header Strict-Transport-Security "max-age=15552000" always;
        }
    }
    "##);
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
        ["plimsoll-blog.production.conf", "plimsoll.conf", "plimsoll.proxy", "plimsoll.server", "plimsoll.site", "plimsoll.tls"]
    );
    insta::assert_snapshot!(text(&files, "plimsoll-blog.production.conf"), @r##"
    # Written by Plimsoll, and replaced at each change.
    # The servers of blog/production.

    upstream plimsoll.blog.production.web {
        server 127.0.0.1:20001 max_fails=0;
        keepalive 64;
        keepalive_timeout 4s;
    }

    upstream plimsoll.blog.production.x {
        server 127.0.0.1:20001 max_fails=0;
        keepalive 64;
        keepalive_timeout 4s;
    }

    upstream plimsoll.in.blog.production.shop.production.web {
        server 127.0.0.1:20001 max_fails=0;
        keepalive 64;
        keepalive_timeout 4s;
    }

    server {
        listen 127.0.0.1:80 default_server;
        server_name _;
        include "/etc/nginx/conf.d/plimsoll.server";
        location / { return 404; }
    }

    server {
        listen 127.0.0.1:80;
        server_name a.example;
        include "/etc/nginx/conf.d/plimsoll.server";
        # web of shop/production
        location "/_deploy/" { return 404; }
        location "/" {
            proxy_pass http://plimsoll.in.blog.production.shop.production.web;
            proxy_read_timeout 60000ms;
            proxy_set_header X-Forwarded-Prefix $plimsoll_forwarded_prefix;
            include "/etc/nginx/conf.d/plimsoll.proxy";
        }
        # x of blog/production
        location "/x/_deploy/" { return 404; }
        location = "/x" {
            proxy_pass http://plimsoll.blog.production.x;
            proxy_read_timeout 60000ms;
            proxy_set_header X-Forwarded-Prefix $plimsoll_forwarded_prefix;
            include "/etc/nginx/conf.d/plimsoll.proxy";
        }
        location "/x/" {
            proxy_pass http://plimsoll.blog.production.x;
            proxy_read_timeout 60000ms;
            proxy_set_header X-Forwarded-Prefix $plimsoll_forwarded_prefix;
            include "/etc/nginx/conf.d/plimsoll.proxy";
        }
    }

    server {
        listen 127.0.0.1:80;
        server_name b.example;
        include "/etc/nginx/conf.d/plimsoll.server";
        # web of blog/production
        location "/_deploy/" { return 404; }
        location "/" {
            proxy_pass http://plimsoll.blog.production.web;
            proxy_read_timeout 60000ms;
            proxy_set_header X-Forwarded-Prefix $plimsoll_forwarded_prefix;
            include "/etc/nginx/conf.d/plimsoll.proxy";
        }
    }
    "##);
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
