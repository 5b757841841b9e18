//! What may stand in a configuration file of nginx, and how it is written there. What nginx would read as something else is refused:
//! it has no way to write a dollar sign in most places.

use std::path::Path;

use plimsoll_model::route::{Match, Route};

use crate::trouble::Trouble;

/// `path` in quotes.
///
/// # Errors
/// `nginx-path` when it cannot be written.
pub(super) fn quoted(path: &Path) -> Result<String, Trouble> {
    let writable = |text: &&str| !text.contains(|c: char| c.is_control() || c == '$');
    let text = path.to_str().filter(writable).ok_or_else(|| {
        let why = format!("the path {:?} cannot be written into a configuration of nginx", path.to_string_lossy());
        Trouble::new("nginx-path", why).with_help("use a folder whose name has neither '$' nor control characters")
    })?;
    Ok(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// Judges what a route takes.
///
/// # Errors
/// `nginx-route` when its host, path or port cannot be told nginx, or a route with TLS has no certificate.
pub(super) fn judge(route: &Route) -> Result<(), Trouble> {
    let Match { port, host, path } = &route.spec.matches;
    let refuse = |what: String, help: &str| {
        let whose = format!("nginx cannot take the route of {} of {}", route.component, route.key);
        Err(Trouble::new("nginx-route", format!("{whose}: {what}")).with_help(help))
    };
    if *port == 0 || route.spec.ports().any(|port| port == 0) {
        return refuse("port 0 is none".into(), "give the route a port");
    }
    if host.as_ref().is_some_and(|host| !is_host(host)) {
        return refuse(format!("{host:?} is no host name"), "write labels of a-z, 0-9 and '-' with dots between them");
    }
    // In the open it is never served.
    if route.spec.tls.is_some() && route.certificate.is_none() {
        return refuse("it names no file for its certificate".into(), "deploy again");
    }
    if !is_path(path) {
        return refuse(format!("{path:?} is a path with other characters"), "write a path of '/', letters, digits and any of -._~+,:@=&!()");
    }
    Ok(())
}

fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && !path.contains("//") && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~+,:@=&!()".contains(&b))
}

/// `text` as a regular expression for itself. Nothing in it can end a string of nginx.
pub(super) fn literally(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'/' || b == b'-' || b == b'_';
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("\\x{b:02x}") }).collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::route::Tls;

    use super::super::tests::route;
    use super::*;

    #[test]
    fn hostile_names_are_refused() {
        for (host, path, expect) in [
            ("shop.example", "/", true),
            ("shop.example", "/api/v1.2/~me", true),
            ("shop.example;", "/", false),
            ("shop.example {", "/", false),
            ("*.example", "/", false),
            ("~^.*$", "/", false),
            ("", "/", false),
            ("Shop.example", "/", false),
            ("a", "/a;b", false),
            ("a", "/a{b}", false),
            ("a", "/$uri", false),
            ("a", "/a\"b", false),
            ("a", "/a'b", false),
            ("a", "/a\nb", false),
            ("a", "/a b", false),
            ("a", "/a\\", false),
            ("a", "/a//b", false),
            ("a", "/%2e%2e", false),
            ("a", "/ü", false),
            ("a", "api", false),
        ] {
            let mut route = route("shop", "web", 80, path);
            route.spec.matches.host = Some(host.into());
            assert_eq!(judge(&route).is_ok(), expect, "{host} {path}");
        }
    }

    #[test]
    fn a_route_with_tls_is_not_served_in_the_open() {
        let mut route = route("shop", "web", 443, "/");
        let expires_at = plimsoll_model::time::Moment::LAST;
        route.spec.tls = Some(Tls { certificate: plimsoll_model::Digest::ZERO, expires_at, redirect_from: None, hsts_s: 0, enrolment: None });
        assert_eq!(judge(&route).unwrap_err().code, "nginx-route");
        route.certificate = Some("/c/shop.pem".into());
        assert_eq!(judge(&route), Ok(()));
    }

    #[test]
    fn paths_stay_within_their_quotes() {
        for (path, expect) in [
            ("/srv/a b", Some("\"/srv/a b\"")),
            ("/srv/a\";}", Some("\"/srv/a\\\";}\"")),
            ("/srv/a\\", Some("\"/srv/a\\\\\"")),
            ("/srv/$a", None),
            ("/srv/a\nb", None),
        ] {
            assert_eq!(quoted(Path::new(path)).ok().as_deref(), expect, "{path}");
        }
        assert_eq!(literally("/a.b(c)"), r"/a\x2eb\x28c\x29");
    }
}
