//! One round: each tool brings a first release, then each a change, then each what is there already.

use super::super::bed::{middle, timed};
use super::fleet::Fleet;
use super::release::Release;
use super::Tool;
use crate::hosts::Machine;

/// Seconds of one round, of each tool in their order.
pub struct Round {
    /// Of `ssh HOST true` on all hosts at once.
    bare: f64,
    first: [f64; 4],
    changed: [f64; 4],
    unchanged: [f64; 4],
}

/// The medians of some rounds.
pub struct Medians {
    /// Of `ssh HOST true` on all hosts at once.
    pub bare: f64,
    /// The hosts had nothing of the release.
    pub first: [f64; 4],
    /// They had 99 % of it.
    pub changed: [f64; 4],
    /// They had all of it.
    pub unchanged: [f64; 4],
}

/// Plays a round; each number of a round gives other contents.
///
/// # Errors
/// When a deployment fails.
pub fn run(fleet: &Fleet, release: &Release, hosts: &[Machine], tools: &mut [Box<dyn Tool + '_>; 4], number: u64) -> Result<Round, String> {
    tools.iter_mut().try_for_each(|tool| tool.forget(hosts))?;
    let mut each = || -> Result<[f64; 4], String> {
        let mut seconds = [0.0; 4];
        for (seconds, tool) in seconds.iter_mut().zip(tools.iter_mut()) {
            *seconds = timed(|| tool.deploy(hosts).map_err(|error| format!("{}: {error}", tool.name())))?;
        }
        Ok(seconds)
    };
    release.renew(number)?;
    let first = each()?;
    release.change(number)?;
    let changed = each()?;
    let unchanged = each()?;
    let round = Round { bare: timed(|| fleet.greet(hosts))?, first, changed, unchanged };
    eprintln!("{} hosts, round {number}: {:.2?} {:.2?} {:.2?}, bare {:.3}", hosts.len(), round.first, round.changed, round.unchanged, round.bare);
    Ok(round)
}

impl Medians {
    /// Of these.
    pub fn of(rounds: &[Round]) -> Self {
        let each = |of: fn(&Round) -> [f64; 4]| std::array::from_fn(|tool| middle(rounds.iter().map(|round| of(round)[tool]).collect()));
        Self {
            bare: middle(rounds.iter().map(|round| round.bare).collect()),
            first: each(|round| round.first),
            changed: each(|round| round.changed),
            unchanged: each(|round| round.unchanged),
        }
    }
}
