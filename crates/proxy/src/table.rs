//! Which route takes a request: port, then host name, then the longest path prefix. Knows nothing of what is routed.

use std::borrow::Cow;
use std::collections::HashMap;

use plimsoll_model::route::Match;

/// All routes of all ports, ready to be looked up.
#[derive(Debug)]
pub(crate) struct Matcher<T> {
    ports: HashMap<u16, Port<T>>,
}

#[derive(Debug)]
struct Port<T> {
    hosts: HashMap<String, Vec<(String, T)>>,
    any: Vec<(String, T)>,
}

/// Why a set of matches cannot be routed by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MatchError {
    /// Port 0 is none.
    #[error("port 0 cannot be listened on")]
    Port,
    /// A path that is not absolute.
    #[error("the path {0:?} does not start with '/'")]
    Path(String),
    /// Two routes ask for the same requests.
    #[error("two routes take the same requests (port {}, host {}, path {})", .0.port, .0.host.as_deref().unwrap_or("any"), .0.path)]
    Twice(Match),
}

impl<T> Default for Matcher<T> {
    fn default() -> Self {
        Self { ports: HashMap::new() }
    }
}

impl<T> Matcher<T> {
    /// Sorts `rows` so that a look-up finds the most specific first.
    pub(crate) fn new(rows: impl IntoIterator<Item = (Match, T)>) -> Result<Self, MatchError> {
        let mut matcher = Self::default();
        for (matches, value) in rows {
            matcher.insert(&matches, value)?;
        }
        matcher.sort();
        Ok(matcher)
    }

    /// The same with `rows` that take what no other row does.
    pub(crate) fn with_spare(mut self, rows: impl IntoIterator<Item = (Match, T)>) -> Result<Self, MatchError> {
        for (matches, value) in rows {
            match self.insert(&matches, value) {
                Ok(()) | Err(MatchError::Twice(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.sort();
        Ok(self)
    }

    /// The route for a request of `path` on `port`; `authority` is what it named as its host, port and all.
    pub(crate) fn find(&self, port: u16, authority: Option<&str>, path: &str) -> Option<&T> {
        let port = self.ports.get(&port)?;
        let named = authority.and_then(|authority| port.hosts.get(&*host_of(authority)));
        named.and_then(|paths| longest(paths, path)).or_else(|| longest(&port.any, path))
    }

    /// Puts the longest path first.
    fn sort(&mut self) {
        for port in self.ports.values_mut() {
            port.hosts.values_mut().chain([&mut port.any]).for_each(|paths| paths.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len())));
        }
    }

    fn insert(&mut self, matches: &Match, value: T) -> Result<(), MatchError> {
        if matches.port == 0 {
            return Err(MatchError::Port);
        }
        if !matches.path.starts_with('/') {
            return Err(MatchError::Path(matches.path.clone()));
        }
        let port = self.ports.entry(matches.port).or_insert_with(|| Port { hosts: HashMap::new(), any: Vec::new() });
        let paths = match &matches.host {
            Some(host) => port.hosts.entry(host_of(host).into_owned()).or_default(),
            None => &mut port.any,
        };
        let prefix = matches.path.trim_end_matches('/');
        if paths.iter().any(|(other, _)| other == prefix) {
            return Err(MatchError::Twice(matches.clone()));
        }
        paths.push((prefix.to_owned(), value));
        Ok(())
    }
}

/// What is left of `path` behind `prefix`, when it starts with it on whole segments. `/` takes all.
pub(crate) fn behind<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The host name within an authority, as it is compared: no port, no final dot, lower case.
fn host_of(authority: &str) -> Cow<'_, str> {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((literal, _)) => literal,
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(host.to_ascii_lowercase()) } else { Cow::Borrowed(host) }
}

fn longest<'t, T>(paths: &'t [(String, T)], path: &str) -> Option<&'t T> {
    paths.iter().find(|(prefix, _)| behind(path, prefix).is_some()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(port: u16, host: Option<&str>, path: &str) -> Match {
        Match { port, host: host.map(str::to_owned), path: path.to_owned() }
    }

    #[test]
    fn hosts_are_compared_as_names() {
        for (authority, expect) in [
            ("Shop.Example:8080", "shop.example"),
            ("shop.example.", "shop.example"),
            ("shop.example.:80", "shop.example"),
            ("[::1]:80", "::1"),
            ("[::1]", "::1"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("", ""),
        ] {
            assert_eq!(host_of(authority), expect, "{authority}");
        }
    }

    #[test]
    fn prefixes_end_with_a_segment() {
        for (path, prefix, expect) in [
            ("/api", "/api", Some("")),
            ("/api/", "/api", Some("/")),
            ("/api/x", "/api/", Some("/x")),
            ("/apix", "/api", None),
            ("/", "/api", None),
            ("/x", "/", Some("/x")),
            ("*", "/", None),
        ] {
            assert_eq!(behind(path, prefix), expect, "{path} behind {prefix}");
        }
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused() {
        let error = |rows: &[Match]| Matcher::new(rows.iter().cloned().map(|row| (row, ()))).unwrap_err();
        assert_eq!(error(&[at(0, None, "/")]), MatchError::Port);
        assert_eq!(error(&[at(1, None, "x")]), MatchError::Path("x".into()));
        assert_eq!(error(&[at(1, None, "/a"), at(1, None, "/a/")]), MatchError::Twice(at(1, None, "/a/")));
        assert_eq!(error(&[at(1, Some("A"), "/"), at(1, Some("a"), "/")]), MatchError::Twice(at(1, Some("a"), "/")));
    }

    /// The rule, told the slow way: of all that take the request, the one with a host, then with the longest path.
    fn slowly(rows: &[Match], port: u16, host: &str, path: &str) -> Option<usize> {
        let segments = |path: &str| path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let takes = |row: &Match| {
            row.port == port && row.host.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(host)) && segments(path).starts_with(&segments(&row.path))
        };
        let candidates = rows.iter().enumerate().filter(|(_, row)| takes(row));
        candidates.max_by_key(|(_, row)| (row.host.is_some(), segments(&row.path).len())).map(|(number, _)| number)
    }

    fn row() -> impl Strategy<Value = Match> {
        (1..3_u16, prop::option::of("[ab]"), "(/[xy]){0,3}/?")
            .prop_map(|(port, host, path)| at(port, host.as_deref(), &format!("/{}", path.trim_start_matches('/'))))
    }

    proptest! {
        #[test]
        fn any_host_and_path_is_looked_up(port in any::<u16>(), host in prop::option::of("\\PC{0,20}"), path in "\\PC{0,20}", own in "\\PC{0,10}") {
            let rows = [(at(80, Some(&own), "/a"), 1), (at(80, None, "/"), 2)];
            let matcher = Matcher::new(rows).unwrap();
            let found = matcher.find(port, host.as_deref(), &path).copied();
            prop_assert!(found.is_none() || (port == 80 && path.starts_with('/')), "{:?}", found);
        }

        #[test]
        fn the_quick_look_up_finds_what_the_rule_says(
            rows in prop::collection::vec(row(), 0..12), port in 1..3_u16, host in "[abcABC](:80)?", path in "(/[xyz]){1,4}",
        ) {
            let numbered = rows.iter().cloned().enumerate().map(|(number, row)| (row, number));
            if let Ok(matcher) = Matcher::new(numbered) {
                let name = host.split(':').next().unwrap();
                prop_assert_eq!(matcher.find(port, Some(&host), &path).copied(), slowly(&rows, port, name, &path));
            }
        }
    }
}
