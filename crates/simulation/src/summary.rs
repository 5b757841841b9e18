//! What many histories came to.

use std::collections::BTreeMap;
use std::fmt;

use crate::run::Verdict;

/// Counts over many histories.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    histories: u64,
    counts: BTreeMap<&'static str, u64>,
    failed: u64,
}

impl Summary {
    /// Adds one history.
    pub fn add(&mut self, verdict: &Verdict) {
        self.histories += 1;
        self.failed += u64::from(!verdict.violations.is_empty());
        for (kind, count) in &verdict.counts {
            *self.counts.entry(kind).or_default() += count;
        }
    }

    /// Adds what another one has counted.
    pub fn merge(&mut self, other: &Summary) {
        self.histories += other.histories;
        self.failed += other.failed;
        for (kind, count) in &other.counts {
            *self.counts.entry(kind).or_default() += count;
        }
    }

    /// How many histories there were.
    #[must_use]
    pub fn histories(&self) -> u64 {
        self.histories
    }

    /// How often a kind of thing happened.
    #[must_use]
    pub fn count(&self, kind: &str) -> u64 {
        self.counts.get(kind).copied().unwrap_or(0)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>12}  histories", self.histories)?;
        for (kind, count) in &self.counts {
            writeln!(f, "{count:>12}  {kind}")?;
        }
        write!(f, "{:>12}  histories with a violation", self.failed)
    }
}
