//! Routes of one environment: on each host, each takes requests of its own.

use std::collections::BTreeMap;
use std::ops::Range;

use super::project::Component;
use super::report::Report;
use super::suggest::shown;
use crate::ComponentName;
use crate::route::Match;

/// Says which components want the same requests. With each component comes the place of its route.
pub(super) fn judge<'a>(components: impl Iterator<Item = (&'a ComponentName, &'a Component, Range<usize>)>, report: &mut Report<'_>) {
    let mut taken: BTreeMap<&Match, Vec<(&ComponentName, &Component)>> = BTreeMap::new();
    for (name, component, span) in components {
        let Some(route) = &component.route else { continue };
        let others = taken.entry(&route.matches).or_default();
        if let Some((other, _)) = others.iter().rfind(|(_, other)| meet(other, component)) {
            let names = [other.as_str(), name.as_str()].map(shown).join(" and ");
            let message = format!("{names} both want the requests for {}", spoken(&route.matches));
            report.error("route-conflict", &span, message, "give one of them another `port`, `host` or `path`");
        }
        others.push((name, component));
    }
}

/// Whether some host gets both.
fn meet(one: &Component, other: &Component) -> bool {
    match (&one.hosts, &other.hosts) {
        (Some(one), Some(other)) => !one.is_disjoint(other),
        _ => true,
    }
}

fn spoken(matches: &Match) -> String {
    let host = matches.host.as_deref().unwrap_or("any host");
    format!("port {}, {host}, path {}", matches.port, matches.path)
}
