//! Who a request thinks that it speaks to, and where it comes from. A page of some other site, in the browser of somebody on this machine, must
//! not speak to a server here under a name that its owner has made up (DNS rebinding).

use std::collections::BTreeSet;
use std::net::IpAddr;

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

/// The names under which a server may be spoken to.
#[derive(Debug, Clone)]
pub(crate) struct Names(BTreeSet<String>);

impl Names {
    /// Those of this machine for itself, the address that is listened at, and others.
    pub(crate) fn new(address: IpAddr, others: impl IntoIterator<Item = String>) -> Self {
        let own = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        let listening = (!address.is_unspecified()).then(|| address.to_string());
        Self(own.into_iter().chain(listening).chain(others.into_iter().map(|name| name.to_ascii_lowercase())).collect())
    }

    /// Whether a request is meant for this server, and comes from no page of another one. The port says nothing of that.
    pub(crate) fn allow(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => authority(host),
            // HTTP/2 has it in the URI.
            (None, None) => uri.authority().cloned(),
            _ => None,
        };
        host.is_some_and(|host| self.has(&host)) && headers.get_all(ORIGIN).iter().all(|origin| self.has_origin(origin))
    }

    fn has_origin(&self, origin: &HeaderValue) -> bool {
        let uri = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
        uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some_and(|host| self.has(host)))
    }

    fn has(&self, host: &Authority) -> bool {
        let name = host.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        // Whoever names a user there wants to be taken for another host by somebody.
        !host.as_str().contains('@') && self.0.contains(&name)
    }
}

fn authority(value: &HeaderValue) -> Option<Authority> {
    value.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(headers: &[(&'static str, &str)]) -> bool {
        let names = Names::new("192.0.2.7".parse().unwrap(), ["Agents.Example".to_owned()]);
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        names.allow(&"/mcp".parse().unwrap(), &headers)
    }

    #[test]
    fn only_names_of_this_server_are_listened_to() {
        for (host, expect) in [
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("127.0.0.1:1", true),
            ("[::1]:8080", true),
            ("192.0.2.7", true),
            ("agents.example:443", true),
            ("192.0.2.8", false),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("localhost@evil.example", false),
            ("evil.example@localhost", false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(allowed(&[("host", host)]), expect, "{host}");
        }
        assert!(!allowed(&[]));
        assert!(!allowed(&[("host", "localhost"), ("host", "evil.example")]));
    }

    #[test]
    fn no_page_of_another_site_is_listened_to() {
        for (origin, expect) in [
            ("http://localhost:3000", true),
            ("https://agents.example", true),
            ("http://[::1]:80", true),
            ("http://evil.example", false),
            ("http://localhost.evil.example", false),
            ("http://localhost@evil.example", false),
            ("null", false),
            ("", false),
            ("file://localhost", false),
            ("localhost", false),
        ] {
            assert_eq!(allowed(&[("host", "localhost"), ("origin", origin)]), expect, "{origin}");
        }
    }

    #[test]
    fn an_address_that_is_any_is_no_name() {
        let names = Names::new("0.0.0.0".parse().unwrap(), []);
        assert!(!names.has(&"0.0.0.0:80".parse().unwrap()) && names.has(&"localhost:80".parse().unwrap()));
    }

    #[test]
    fn the_host_of_http_2_stands_in_the_uri() {
        let names = Names::new("127.0.0.1".parse().unwrap(), []);
        let ask = |uri: &str| names.allow(&uri.parse().unwrap(), &HeaderMap::new());
        assert!(ask("http://localhost:1/mcp") && !ask("http://evil.example/mcp"));
    }
}
