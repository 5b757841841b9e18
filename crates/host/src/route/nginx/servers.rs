//! Which servers nginx is to have for the routes, and which routes each of them leads: what nginx cannot know of routes is judged here,
//! what it can share with others as well. No I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use plimsoll_model::EnvironmentKey;
use plimsoll_model::route::Route;

use super::foreign::Foreign;
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
    /// By path. Empty where nothing is served: then it keeps other servers from taking what is not theirs.
    pub(super) routes: BTreeMap<&'r str, &'r Route>,
}

type Paths<'r> = BTreeMap<&'r str, &'r Route>;

/// The servers for `routes`, which are opened on `addresses` where nobody else has opened their port.
///
/// # Errors
/// `nginx-route` for what nginx cannot be told, `port-taken` and `host-taken` for what others serve.
pub(super) fn servers<'r>(routes: &'r [Route], addresses: &[IpAddr], foreign: &Foreign) -> Result<Vec<Server<'r>>, Trouble> {
    let mut ports: BTreeMap<u16, BTreeMap<Option<&str>, Paths>> = BTreeMap::new();
    for route in routes {
        text::judge(route)?;
        judge_foreign(route, foreign)?;
        let hosts = ports.entry(route.spec.matches.port).or_default();
        let paths = hosts.entry(route.spec.matches.host.as_deref()).or_default();
        if let Some(other) = paths.insert(prefix(route), route) {
            return Err(twice(other, route));
        }
    }
    Ok(ports.into_iter().flat_map(|(port, hosts)| on_port(port, hosts, addresses, foreign)).collect())
}

fn on_port<'r>(port: u16, mut hosts: BTreeMap<Option<&'r str>, Paths<'r>>, addresses: &[IpAddr], foreign: &Foreign) -> Vec<Server<'r>> {
    let shared = foreign.defaults(port);
    let any = hosts.get(&None).cloned().unwrap_or_default();
    let first = hosts.values().flat_map(Paths::values).map(|route| &route.key).min().expect("a port is there for a route");
    if shared.is_empty() {
        hosts.entry(None).or_default();
    }
    let listens = if shared.is_empty() { addresses.iter().map(|address| SocketAddr::new(*address, port).to_string()).collect() } else { shared };
    let server = |(host, paths): (Option<&'r str>, Paths<'r>)| {
        let owner = paths.values().map(|route| &route.key).min().unwrap_or(first);
        Server { owner, host, listens: listens.clone(), routes: with_any(paths, &any) }
    };
    hosts.into_iter().map(server).collect()
}

/// What a host name does not take itself, the routes without one do.
fn with_any<'r>(own: Paths<'r>, any: &Paths<'r>) -> Paths<'r> {
    let takes = |prefix: &str, path: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let left = any.iter().filter(|(path, _)| !own.keys().any(|prefix| takes(prefix, path)));
    left.map(|(path, route)| (*path, *route)).chain(own.clone()).collect()
}

/// The path without its final slash: nothing for `/`.
fn prefix(route: &Route) -> &str {
    route.spec.matches.path.trim_end_matches('/')
}

fn twice(one: &Route, other: &Route) -> Trouble {
    let both = format!("{} of {} and {} of {}", one.component, one.key, other.component, other.key);
    Trouble::new("nginx-route", format!("two routes take the same requests: those of {both}"))
        .with_help("give one of them another port, host or path")
}

/// What somebody else serves is left to him.
fn judge_foreign(route: &Route, foreign: &Foreign) -> Result<(), Trouble> {
    let (port, whose) = (route.spec.matches.port, format!("{} of {}", route.component, route.key));
    let Some(other) = foreign.on(port).next() else { return Ok(()) };
    let Some(host) = &route.spec.matches.host else {
        let why = format!("port {port} for {whose} is served by {}, which is not Plimsoll's", other.file);
        return Err(Trouble::new("port-taken", why).with_help("give the route a host name, which can share the port, or another port"));
    };
    if let Some(other) = foreign.on(port).find(|other| other.names.contains(host)) {
        let why = format!("{host} on port {port} for {whose} is served by {}, which is not Plimsoll's", other.file);
        return Err(Trouble::new("host-taken", why).with_help("take that server out of nginx's configuration, or give the route another host name"));
    }
    if let Some(other) = foreign.wrapped(port) {
        let why = format!("port {port} for {whose} does not take plain HTTP, as {} has it", other.file);
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

    use super::super::tests::{hosted, route};
    use super::*;

    const HERE: &[IpAddr] = &[IpAddr::V4(Ipv4Addr::LOCALHOST)];

    fn foreign() -> Foreign {
        Foreign::read(
            "# configuration file /etc/nginx/default:\nserver { listen 80 default_server; server_name a.example; }\n\
             # configuration file /etc/nginx/odd:\nserver { listen 81; }\n\
             # configuration file /etc/nginx/safe:\nserver { listen 443 ssl default_server; }\n",
        )
    }

    fn check(routes: &[Route], expect: &[&str]) {
        let told = |server: &Server| {
            let routes: Vec<String> = server.routes.iter().map(|(path, route)| format!("{path}>{}", route.component)).collect();
            format!("{} {} {} {}", server.owner, server.listens.join("+"), server.host.unwrap_or("any"), routes.join(" "))
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
        ] {
            let trouble = servers(&[route], HERE, &foreign()).unwrap_err();
            assert!(trouble.code == code && trouble.message.contains(names) && trouble.help.is_some(), "{trouble:?}");
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
