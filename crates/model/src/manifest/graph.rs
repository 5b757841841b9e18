//! Who depends on whom: every name must be there, and nobody may wait for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::report::Report;
use super::section::Section;
use super::suggest::{listed, nearest, shown};

/// What each component depends on, with the place where that is written.
type Edges<'a> = BTreeMap<&'a str, Vec<(String, Range<usize>)>>;

/// Says which dependencies are unknown, and which go round in a circle.
pub(super) fn judge<'a>(components: impl Iterator<Item = (&'a str, &'a Section)>, report: &mut Report<'_>) {
    let edges: Edges<'_> = components.map(|(name, section)| (name, section.texts("depends_on"))).collect();
    for (name, span) in edges.values().flatten().filter(|(name, _)| !edges.contains_key(name.as_str())) {
        unknown(name, span, &edges, report);
    }
    for cycle in cycles(&edges) {
        let names: Vec<&str> = cycle.iter().chain(cycle.first()).copied().collect();
        let span = edges[cycle[0]].iter().find(|(name, _)| name == names[1]).map(|(_, span)| span.clone()).unwrap_or_default();
        let message = format!("components depend on each other in a circle: {}", names.join(" → "));
        report.error("dependency-cycle", &span, message, "remove one of these dependencies");
    }
}

fn unknown(name: &str, span: &Range<usize>, edges: &Edges<'_>, report: &mut Report<'_>) {
    let meant = nearest(name, edges.keys().copied()).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
    let help = format!("{meant}the components are {}", listed(edges.keys().copied()));
    report.error("unknown-dependency", span, format!("there is no component {} to depend on", shown(name)), help);
}

/// Circles, each once. Every component that waits for ever waits for one of them.
fn cycles<'a>(edges: &'a Edges<'a>) -> Vec<Vec<&'a str>> {
    let stuck = stuck(edges);
    let mut seen = BTreeSet::new();
    let mut cycles = Vec::new();
    for start in &stuck {
        let mut way: Vec<&str> = Vec::new();
        let mut next = Some(*start);
        while let Some(name) = next.filter(|name| seen.insert(*name)) {
            way.push(name);
            next = edges[name].iter().map(|(name, _)| name.as_str()).find(|name| stuck.contains(name));
        }
        if let Some(at) = way.iter().position(|name| Some(*name) == next) {
            cycles.push(way.split_off(at));
        }
    }
    cycles
}

/// The components that would wait for ever: each has at least one dependency among them.
fn stuck<'a>(edges: &'a Edges<'a>) -> BTreeSet<&'a str> {
    let mut waiting: BTreeMap<&str, usize> = BTreeMap::new();
    let mut dependents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, needs) in edges {
        let needs: BTreeSet<&str> = needs.iter().map(|(need, _)| need.as_str()).filter(|need| edges.contains_key(need)).collect();
        waiting.insert(name, needs.len());
        needs.iter().for_each(|need| dependents.entry(need).or_default().push(name));
    }
    let mut free: Vec<&str> = waiting.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    while let Some(name) = free.pop() {
        waiting.remove(name);
        for dependent in dependents.remove(name).into_iter().flatten() {
            let count = waiting.entry(dependent).or_default();
            *count -= 1;
            if *count == 0 {
                free.push(dependent);
            }
        }
    }
    waiting.into_keys().collect()
}
