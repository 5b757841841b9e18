//! Where a person finds a component.

use plimsoll_model::HostName;
use plimsoll_model::route::Match;

/// The address of a route: its host name, or that of the machine `on` which it is where it takes any.
#[must_use]
pub(crate) fn url(on: &HostName, matches: &Match) -> String {
    let host = matches.host.as_deref().unwrap_or(machine(on));
    let port = if matches.port == 80 { String::new() } else { format!(":{}", matches.port) };
    let path = if matches.path == "/" { "/".to_owned() } else { format!("{}/", matches.path.trim_end_matches('/')) };
    format!("http://{host}{port}{path}")
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
        let check = |host: Option<&str>, port, path: &str, expect: &str| {
            assert_eq!(url(&HostName::local(), &Match { port, host: host.map(str::to_owned), path: path.into() }), expect);
        };
        check(None, 4000, "/", "http://localhost:4000/");
        check(None, 4000, "/api", "http://localhost:4000/api/");
        check(Some("shop.example"), 8080, "/", "http://shop.example:8080/");
        check(Some("shop.example"), 80, "/", "http://shop.example/");
        let anywhere = Match { port: 4000, host: None, path: "/".into() };
        assert_eq!(url(&HostName::new("deploy@a.example").unwrap(), &anywhere), "http://a.example:4000/");
        assert_eq!(url(&HostName::new("h1").unwrap(), &anywhere), "http://h1:4000/");
    }
}
