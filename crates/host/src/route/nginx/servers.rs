//! Which servers nginx is to have for the routes, and which routes each of them leads: what nginx cannot know of routes is judged here,
//! what it can share with others as well. No I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use plimsoll_model::EnvironmentKey;
use plimsoll_model::route::Route;

use super::foreign::{Foreign, Listen};
use super::text;
use crate::trouble::Trouble;

/// A server block: a port with a host name, or without one for all that no other server of the port takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Server<'r> {
    /// The environment in whose file it stands.
    pub(super) owner: &'r EnvironmentKey,
    pub(super) host: Option<&'r str>,
    /// Addresses with their port.
    pub(super) listens: Vec<String>,
    /// How it speaks TLS, where it does.
    pub(super) secure: Option<Secure<'r>>,
    /// By path. Empty where nothing is served: then it keeps other servers from taking what is not theirs.
    pub(super) routes: Paths<'r>,
}

/// TLS of a server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Secure<'r> {
    /// Whether HTTP/2 is offered. A port of others has what they have.
    pub(super) http2: bool,
    /// The file with certificate and private key. Without one no hands are shaken.
    pub(super) certificate: Option<&'r Path>,
}

/// What becomes of the requests below a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way<'r> {
    /// The route takes them.
    Serve(&'r Route),
    /// They are sent on to where the route speaks HTTPS.
    SendOn(&'r Route),
}

impl<'r> Way<'r> {
    pub(super) fn route(self) -> &'r Route {
        let (Way::Serve(route) | Way::SendOn(route)) = self;
        route
    }
}

type Paths<'r> = BTreeMap<&'r str, Way<'r>>;
type Hosts<'r> = BTreeMap<Option<&'r str>, Paths<'r>>;

/// A port with what is asked there.
#[derive(Default)]
struct Port<'r> {
    secure: bool,
    hosts: Hosts<'r>,
}

/// The servers for `routes`, which are opened on `addresses` where nobody else has opened their port.
///
/// # Errors
/// `nginx-route` for what nginx cannot be told, `tls-mixed-port` where a port would have to speak both, `port-taken` and `host-taken` for
/// what others serve.
pub(super) fn servers<'r>(routes: &'r [Route], addresses: &[IpAddr], foreign: &Foreign) -> Result<Vec<Server<'r>>, Trouble> {
    let mut ports: BTreeMap<u16, Port> = BTreeMap::new();
    for route in routes {
        text::judge(route)?;
        add(&mut ports, route.spec.matches.port, Way::Serve(route), foreign)?;
    }
    // What is sent on takes what is left.
    for route in routes {
        if let Some(port) = route.spec.tls.as_ref().and_then(|tls| tls.redirect_from) {
            add(&mut ports, port, Way::SendOn(route), foreign)?;
        }
    }
    Ok(ports.into_iter().flat_map(|(number, port)| on_port(number, port, addresses, foreign)).collect())
}

fn add<'r>(ports: &mut BTreeMap<u16, Port<'r>>, number: u16, way: Way<'r>, foreign: &Foreign) -> Result<(), Trouble> {
    let route = way.route();
    let secure = route.spec.tls.is_some() && matches!(way, Way::Serve(_));
    judge_foreign(route, number, secure, foreign)?;
    let port = ports.entry(number).or_insert_with(|| Port { secure, ..Port::default() });
    if let Some(other) = port.hosts.values().flat_map(Paths::values).next().filter(|_| port.secure != secure) {
        return Err(mixed(number, other.route(), route));
    }
    let paths = port.hosts.entry(route.spec.matches.host.as_deref()).or_default();
    match (paths.get(prefix(route)), way) {
        (Some(other), Way::Serve(_)) => return Err(twice(other.route(), route)),
        (Some(_), Way::SendOn(_)) => {}
        (None, _) => drop(paths.insert(prefix(route), way)),
    }
    Ok(())
}

fn on_port<'r>(number: u16, port: Port<'r>, addresses: &[IpAddr], foreign: &Foreign) -> Vec<Server<'r>> {
    let Port { secure, mut hosts } = port;
    let shared = foreign.defaults(number);
    let any = hosts.get(&None).cloned().unwrap_or_default();
    let first = hosts.values().flat_map(Paths::values).map(|way| &way.route().key).min().expect("a port is there for a route");
    if shared.is_empty() {
        hosts.entry(None).or_default();
    }
    let own = || addresses.iter().map(|address| SocketAddr::new(*address, number).to_string()).collect();
    let listens: Vec<String> = if shared.is_empty() { own() } else { shared.iter().map(|listen| listen.address.clone()).collect() };
    let http2 = shared.iter().all(|listen| listen.http2);
    let server = |(host, paths): (Option<&'r str>, Paths<'r>)| {
        let owner = paths.values().map(|way| &way.route().key).min().unwrap_or(first);
        let secure = secure.then(|| Secure { http2, certificate: certificate(&paths) });
        Server { owner, host, listens: listens.clone(), secure, routes: with_any(paths, &any) }
    };
    hosts.into_iter().map(server).collect()
}

/// The certificate of the routes that have the host name themselves.
fn certificate<'r>(own: &Paths<'r>) -> Option<&'r Path> {
    own.values().rev().find_map(|way| way.route().certificate.as_deref())
}

/// What a host name does not take itself, the routes without one do.
fn with_any<'r>(own: Paths<'r>, any: &Paths<'r>) -> Paths<'r> {
    let takes = |prefix: &str, path: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let left = any.iter().filter(|(path, _)| !own.keys().any(|prefix| takes(prefix, path)));
    left.map(|(path, way)| (*path, *way)).chain(own.clone()).collect()
}

/// The path without its final slash: nothing for `/`.
fn prefix(route: &Route) -> &str {
    route.spec.matches.path.trim_end_matches('/')
}

fn mixed(port: u16, one: &Route, other: &Route) -> Trouble {
    let both = format!("{} of {} and {} of {}", one.component, one.key, other.component, other.key);
    Trouble::new("tls-mixed-port", format!("nginx cannot speak both HTTPS and plain HTTP on port {port}, for {both}"))
        .with_help("give one of them another port")
}

fn twice(one: &Route, other: &Route) -> Trouble {
    let both = format!("{} of {} and {} of {}", one.component, one.key, other.component, other.key);
    Trouble::new("nginx-route", format!("two routes take the same requests: those of {both}"))
        .with_help("give one of them another port, host or path")
}

/// What somebody else serves is left to him.
fn judge_foreign(route: &Route, port: u16, secure: bool, foreign: &Foreign) -> Result<(), Trouble> {
    let whose = format!("{} of {}", route.component, route.key);
    let Some(other) = foreign.on(port).next() else { return Ok(()) };
    let Some(host) = &route.spec.matches.host else {
        let why = format!("port {port} for {whose} is served by {}, which is not Plimsoll's", other.file);
        return Err(Trouble::new("port-taken", why).with_help("give the route a host name, which can share the port, or another port"));
    };
    if let Some(other) = foreign.on(port).find(|other| other.names.contains(host)) {
        let why = format!("{host} on port {port} for {whose} is served by {}, which is not Plimsoll's", other.file);
        return Err(Trouble::new("host-taken", why).with_help("take that server out of nginx's configuration, or give the route another host name"));
    }
    let foreign_to = |listen: &Listen| listen.proxied || listen.tls != secure;
    if let Some(other) = foreign.on(port).find(|other| other.listens.iter().any(|listen| listen.port == port && foreign_to(listen))) {
        let what = if secure { "HTTPS" } else { "plain HTTP" };
        let why = format!("port {port} for {whose} does not take {what}, as {} has it", other.file);
        return Err(Trouble::new("port-taken", why).with_help("give the route another port"));
    }
    if foreign.defaults(port).is_empty() {
        let why = format!("port {port} for {whose} is also served by {}, and which server there is the default is left open", other.file);
        let help = format!("write `default_server` behind the `listen` of the one that is to stay so in {}", other.file);
        return Err(Trouble::new("port-taken", why).with_help(help));
    }
    Ok(())
}

/// Ports that `servers` open and nobody else has.
pub(super) fn own_ports(servers: &[Server<'_>], foreign: &Foreign) -> BTreeSet<SocketAddr> {
    let addresses: BTreeSet<SocketAddr> = servers.iter().flat_map(|server| &server.listens).filter_map(|listen| listen.parse().ok()).collect();
    addresses.into_iter().filter(|address| foreign.on(address.port()).next().is_none()).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::tests::{hosted, route, secured};
    use super::*;

    const HERE: &[IpAddr] = &[IpAddr::V4(Ipv4Addr::LOCALHOST)];

    fn foreign() -> Foreign {
        Foreign::read(
            "# configuration file /etc/nginx/default:\nserver { listen 80 default_server; server_name a.example; }\n\
             # configuration file /etc/nginx/odd:\nserver { listen 81; }\n\
             # configuration file /etc/nginx/safe:\nserver { listen 443 ssl default_server; }\n\
             # configuration file /etc/nginx/inner:\nserver { listen 444 ssl http2 proxy_protocol default_server; }\n\
             # configuration file /etc/nginx/quick:\nserver { listen 445 ssl http2 default_server; }\n",
        )
    }

    fn check(routes: &[Route], expect: &[&str]) {
        let told = |server: &Server| {
            let sign = |way: &Way| if matches!(way, Way::Serve(_)) { ">" } else { "^" };
            let routes: Vec<String> = server.routes.iter().map(|(path, way)| format!("{path}{}{}", sign(way), way.route().component)).collect();
            let secure = |secure: &Secure| format!("{}:{:?} ", if secure.http2 { "h2" } else { "h1" }, secure.certificate.unwrap_or("none".as_ref()));
            let secure = server.secure.as_ref().map(secure).unwrap_or_default();
            format!("{} {} {secure}{} {}", server.owner, server.listens.join("+"), server.host.unwrap_or("any"), routes.join(" "))
        };
        let servers = servers(routes, HERE, &foreign()).unwrap();
        assert_eq!(servers.iter().map(told).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn routes_share_ports_and_hosts() {
        check(&[route("shop", "web", 4000, "/")], &["shop/production 127.0.0.1:4000 any >web"]);
        check(
            &[hosted("shop", "web", 4000, "/", "a.example"), hosted("blog", "api", 4000, "/api/", "a.example"), route("zoo", "all", 4000, "/")],
            &["zoo/production 127.0.0.1:4000 any >all", "blog/production 127.0.0.1:4000 a.example >web /api>api"],
        );
    }

    #[test]
    fn what_a_host_does_not_take_goes_to_those_without_one() {
        check(
            &[
                hosted("shop", "api", 4000, "/api", "a.example"),
                route("zoo", "all", 4000, "/"),
                route("zoo", "deep", 4000, "/api/v1"),
                route("zoo", "x", 4000, "/apix"),
            ],
            &["zoo/production 127.0.0.1:4000 any >all /api/v1>deep /apix>x", "shop/production 127.0.0.1:4000 a.example >all /api>api /apix>x"],
        );
        check(
            &[hosted("shop", "web", 4000, "/", "a.example")],
            &["shop/production 127.0.0.1:4000 any ", "shop/production 127.0.0.1:4000 a.example >web"],
        );
    }

    #[test]
    fn ports_of_others_are_shared_and_not_taken() {
        check(&[hosted("shop", "web", 80, "/", "b.example")], &["shop/production 80 b.example >web"]);
        for (route, code, names) in [
            (route("shop", "web", 80, "/"), "port-taken", "port 80 for web of shop/production is served by /etc/nginx/default"),
            (
                hosted("shop", "web", 80, "/", "a.example"),
                "host-taken",
                "a.example on port 80 for web of shop/production is served by /etc/nginx/default",
            ),
            (hosted("shop", "web", 81, "/", "a.example"), "port-taken", "/etc/nginx/odd"),
            (hosted("shop", "web", 443, "/", "b.example"), "port-taken", "does not take plain HTTP, as /etc/nginx/safe has it"),
            (secured(hosted("shop", "web", 80, "/", "b.example"), None), "port-taken", "does not take HTTPS, as /etc/nginx/default has it"),
            (secured(hosted("shop", "web", 444, "/", "b.example"), None), "port-taken", "does not take HTTPS, as /etc/nginx/inner has it"),
            (secured(hosted("shop", "web", 4000, "/", "a.example"), Some(80)), "host-taken", "a.example on port 80"),
            (secured(route("shop", "web", 4000, "/"), Some(80)), "port-taken", "port 80 for web of shop/production"),
        ] {
            let trouble = servers(&[route], HERE, &foreign()).unwrap_err();
            assert!(trouble.code == code && trouble.message.contains(names) && trouble.help.is_some(), "{trouble:?}");
        }
    }

    #[test]
    fn hosts_show_their_certificates_and_plain_http_is_sent_on() {
        check(
            &[
                secured(hosted("shop", "web", 4443, "/", "a.example"), Some(4080)),
                secured(hosted("shop", "api", 4443, "/api", "a.example"), Some(4080)),
                hosted("shop", "old", 4080, "/api", "a.example"),
            ],
            &[
                "shop/production 127.0.0.1:4080 any ",
                "shop/production 127.0.0.1:4080 a.example ^web /api>old",
                "shop/production 127.0.0.1:4443 h2:\"none\" any ",
                "shop/production 127.0.0.1:4443 h2:\"/c/shop.pem\" a.example >web /api>api",
            ],
        );
        check(&[secured(hosted("shop", "web", 443, "/", "b.example"), None)], &["shop/production 443 h1:\"/c/shop.pem\" b.example >web"]);
        check(&[secured(hosted("shop", "web", 445, "/", "b.example"), None)], &["shop/production 445 h2:\"/c/shop.pem\" b.example >web"]);
    }

    #[test]
    fn a_port_speaks_one_protocol() {
        for other in [hosted("blog", "api", 4443, "/", "b.example"), secured(hosted("blog", "api", 4444, "/", "b.example"), Some(4443))] {
            let trouble = servers(&[secured(hosted("shop", "web", 4443, "/", "a.example"), None), other], HERE, &foreign()).unwrap_err();
            let told = "nginx cannot speak both HTTPS and plain HTTP on port 4443, for web of shop/production and api of blog/production";
            assert_eq!((trouble.code.as_str(), trouble.message.as_str()), ("tls-mixed-port", told));
        }
    }

    #[test]
    fn the_same_requests_go_one_way_only() {
        let trouble = servers(&[route("shop", "web", 1, "/a"), route("blog", "api", 1, "/a/")], HERE, &foreign()).unwrap_err();
        assert_eq!(trouble.message, "two routes take the same requests: those of web of shop/production and api of blog/production");
    }

    #[test]
    fn only_ports_of_our_own_are_looked_for() {
        let routes = [hosted("shop", "web", 80, "/", "b.example"), route("shop", "api", 4000, "/")];
        let servers = servers(&routes, HERE, &foreign()).unwrap();
        assert_eq!(own_ports(&servers, &foreign()), BTreeSet::from([SocketAddr::new(HERE[0], 4000)]));
    }
}
