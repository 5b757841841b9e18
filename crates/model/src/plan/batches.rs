//! Rolling: how many hosts are replaced at once, and which.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many hosts of a component may be replaced at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MaxUnavailable {
    /// So many, at least one.
    Hosts(u32),
    /// So many of a hundred, from 1 to 100.
    Percent(u32),
}

impl MaxUnavailable {
    /// How many that is of `all` hosts. A part of a host is none, but one at least: else nothing would ever be replaced.
    #[must_use]
    pub fn of(self, all: usize) -> usize {
        let many = match self {
            Self::Hosts(count) => count as usize,
            Self::Percent(percent) => all * percent as usize / 100,
        };
        many.max(1)
    }
}

impl fmt::Display for MaxUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hosts(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

/// Cuts the hosts that change into batches, in their order. `all` counts those that do not change as well. Without a limit they are one batch.
#[must_use]
pub(super) fn batches<T>(changing: Vec<T>, limit: Option<MaxUnavailable>, all: usize) -> Vec<Vec<T>> {
    let size = limit.map_or(usize::MAX, |limit| limit.of(all));
    let mut batches: Vec<Vec<T>> = Vec::new();
    for host in changing {
        match batches.last_mut() {
            Some(batch) if batch.len() < size => batch.push(host),
            _ => batches.push(vec![host]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_cut_into_batches() {
        let (hosts, percent) = (|count| Some(MaxUnavailable::Hosts(count)), |percent| Some(MaxUnavailable::Percent(percent)));
        let check = |limit, changing: usize, all: usize, expect: &[usize]| {
            let cut = batches((0..changing).collect(), limit, all);
            assert_eq!(cut.iter().map(Vec::len).collect::<Vec<_>>(), expect, "{limit:?} of {changing} of {all}");
            assert_eq!(cut.concat(), (0..changing).collect::<Vec<_>>());
        };
        check(None, 5, 5, &[5]);
        check(None, 0, 5, &[]);
        check(hosts(1), 3, 3, &[1, 1, 1]);
        check(hosts(2), 5, 5, &[2, 2, 1]);
        check(hosts(9), 5, 5, &[5]);
        check(percent(25), 8, 8, &[2, 2, 2, 2]);
        check(percent(25), 7, 7, &[1; 7]);
        check(percent(1), 3, 3, &[1, 1, 1]);
        check(percent(100), 3, 3, &[3]);
        // What does not change still counts as available.
        check(percent(50), 3, 8, &[3]);
        assert_eq!([MaxUnavailable::Hosts(2).to_string(), MaxUnavailable::Percent(25).to_string()], ["2", "25%"]);
    }
}
