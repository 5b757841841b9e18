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
        for port in matcher.ports.values_mut() {
            port.hosts.values_mut().chain([&mut port.any]).for_each(|paths| paths.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len())));
        }
        Ok(matcher)
    }

    /// The route for a request of `path` on `port`; `authority` is what it named as its host, port and all.
    pub(crate) fn find(&self, port: u16, authority: Option<&str>, path: &str) -> Option<&T> {
        let port = self.ports.get(&port)?;
        let named = authority.and_then(|authority| port.hosts.get(&*host_of(authority)));
        named.and_then(|paths| longest(paths, path)).or_else(|| longest(&port.any, path))
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
