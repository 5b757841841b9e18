//! Where a person finds a component.

use plimsoll_model::HostName;
use plimsoll_model::route::{Match, RouteSpec};

/// The address of a route: its host name, or that of the machine `on` which it is where it takes any.
#[must_use]
pub(crate) fn url(on: &HostName, route: &RouteSpec) -> String {
    let (scheme, usual) = if route.tls.is_some() { ("https", 443) } else { ("http", 80) };
    address(scheme, usual, on, &route.matches)
}

fn address(scheme: &str, usual: u16, on: &HostName, matches: &Match) -> String {
    let host = matches.host.as_deref().unwrap_or(machine(on));
    let port = if matches.port == usual { String::new() } else { format!(":{}", matches.port) };
    let path = if matches.path == "/" { "/".to_owned() } else { format!("{}/", matches.path.trim_end_matches('/')) };
    format!("{scheme}://{host}{port}{path}")
}

/// The machine's own part of what one writes after `ssh`.
fn machine(host: &HostName) -> &str {
    if *host == HostName::local() {
        return "localhost";
    }
    host.as_str().rsplit_once('@').map_or(host.as_str(), |(_, machine)| machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_an_address() {
        let at = |host: Option<&str>, port, path: &str| Match { port, host: host.map(str::to_owned), path: path.into() };
        let here = HostName::local();
        let check = |host, port, path, expect: &str| assert_eq!(address("http", 80, &here, &at(host, port, path)), expect);
        check(None, 4000, "/", "http://localhost:4000/");
        check(None, 4000, "/api", "http://localhost:4000/api/");
        check(Some("shop.example"), 8080, "/", "http://shop.example:8080/");
        check(Some("shop.example"), 80, "/", "http://shop.example/");
        for (machine, expect) in [("deploy@a.example", "http://a.example:4000/"), ("h1", "http://h1:4000/")] {
            assert_eq!(address("http", 80, &HostName::new(machine).unwrap(), &at(None, 4000, "/")), expect);
        }
        assert_eq!(address("https", 443, &here, &at(Some("shop.example"), 443, "/")), "https://shop.example/");
        assert_eq!(address("https", 443, &here, &at(None, 8443, "/x")), "https://localhost:8443/x/");
    }
}
