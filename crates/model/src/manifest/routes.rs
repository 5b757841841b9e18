//! Routes of one environment: each takes requests of its own.

use std::collections::BTreeMap;
use std::ops::Range;

use super::project::Component;
use super::report::Report;
use super::suggest::shown;
use crate::ComponentName;
use crate::route::Match;

/// Says which components want the same requests. With each component comes the place of its route.
pub(super) fn judge<'a>(components: impl Iterator<Item = (&'a ComponentName, &'a Component, Range<usize>)>, report: &mut Report<'_>) {
    let mut taken: BTreeMap<&Match, &ComponentName> = BTreeMap::new();
    for (name, component, span) in components {
        let Some(route) = &component.route else { continue };
        if let Some(other) = taken.insert(&route.matches, name) {
            let names = [other.as_str(), name.as_str()].map(shown).join(" and ");
            let message = format!("{names} both want the requests for {}", spoken(&route.matches));
            report.error("route-conflict", &span, message, "give one of them another `port`, `host` or `path`");
        }
    }
}

fn spoken(matches: &Match) -> String {
    let host = matches.host.as_deref().unwrap_or("any host");
    format!("port {}, {host}, path {}", matches.port, matches.path)
}
