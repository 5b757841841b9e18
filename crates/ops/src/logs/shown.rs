//! Lines that were shown before: a host that is asked to go on begins with some of them.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{HostName, SlotId};

use super::Line;

/// Lines that were shown already: of each slot, all up to the newest one.
#[derive(Debug, Default)]
pub(super) struct Shown(BTreeMap<(HostName, SlotId), Newest>);

/// The time of the newest line of a slot, and all that it wrote then.
#[derive(Debug, Default)]
struct Newest {
    at: String,
    texts: BTreeSet<String>,
}

impl Shown {
    /// Lines in the order of time.
    pub(super) fn of(lines: &[Line]) -> Self {
        let mut shown = Self::default();
        for Line { host, line, .. } in lines {
            let newest = shown.0.entry((host.clone(), line.slot.clone())).or_default();
            if newest.at != line.at {
                *newest = Newest { at: line.at.clone(), texts: BTreeSet::new() };
            }
            newest.texts.insert(line.text.clone());
        }
        shown
    }

    /// Whether a line was.
    pub(super) fn has(&self, Line { host, line, .. }: &Line) -> bool {
        let newest = self.0.get(&(host.clone(), line.slot.clone()));
        newest.is_some_and(|newest| line.at < newest.at || (line.at == newest.at && newest.texts.contains(&line.text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogLine;

    #[test]
    fn what_was_shown_is_not_shown_again() {
        let line = |host: &str, slot: &str, at: &str, text: &str| {
            let slot: SlotId = slot.parse().unwrap();
            let line = LogLine { component: "web".parse().unwrap(), slot, at: at.into(), stream: "out".into(), text: text.into() };
            Line { host: host.parse().unwrap(), alone: false, line }
        };
        let shown = Shown::of(&[
            line("a", "web-1", "1", "one"),
            line("b", "web-1", "2", "two"),
            line("a", "web-1", "3", "three"),
            line("a", "web-1", "3", "more"),
        ]);
        for (host, slot, at, text, expect) in [
            ("a", "web-1", "0", "before", true),
            ("a", "web-1", "1", "one", true),
            ("a", "web-1", "3", "three", true),
            ("a", "web-1", "3", "more", true),
            ("a", "web-1", "3", "in the same moment", false),
            ("a", "web-1", "4", "three", false),
            ("a", "web-2", "1", "another slot", false),
            ("b", "web-1", "2", "two", true),
            ("b", "web-1", "3", "three", false),
        ] {
            assert_eq!(shown.has(&line(host, slot, at, text)), expect, "{host} {slot} {at} {text}");
        }
    }
}
