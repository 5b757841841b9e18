//! Where a person finds a component.

use plimsoll_model::route::Match;

/// The address of a route: its host name, or this machine's where it takes any.
#[must_use]
pub(crate) fn url(matches: &Match) -> String {
    let host = matches.host.as_deref().unwrap_or("localhost");
    let port = if matches.port == 80 { String::new() } else { format!(":{}", matches.port) };
    let path = if matches.path == "/" { "/".to_owned() } else { format!("{}/", matches.path.trim_end_matches('/')) };
    format!("http://{host}{port}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_an_address() {
        let check = |host: Option<&str>, port, path: &str, expect: &str| {
            assert_eq!(url(&Match { port, host: host.map(str::to_owned), path: path.into() }), expect);
        };
        check(None, 4000, "/", "http://localhost:4000/");
        check(None, 4000, "/api", "http://localhost:4000/api/");
        check(Some("shop.example"), 8080, "/", "http://shop.example:8080/");
        check(Some("shop.example"), 80, "/", "http://shop.example/");
    }
}
