//! One round: each tool brings a first release, then each a change, then each what is there already.

use super::super::bed::timed;
use super::fleet::Fleet;
use super::release::Release;
use super::{Tools, plimsoll};
use crate::hosts::Machine;

/// Seconds of one round, of each tool in their order.
pub struct Round {
    /// Of `ssh HOST true` on all hosts at once.
    pub bare: f64,
    /// The hosts had nothing of the release.
    pub first: [f64; 4],
    /// They had 99 % of it.
    pub changed: [f64; 4],
    /// They had all of it.
    pub unchanged: [f64; 4],
    /// The same, of Plimsoll alone, which had no connection left from before.
    pub unconnected: f64,
}

/// Plays a round; each number of a round gives other contents.
///
/// # Errors
/// When a deployment fails.
pub fn run(fleet: &Fleet, release: &Release, hosts: &[Machine], tools: &mut Tools<'_>, number: u64) -> Result<Round, String> {
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
    let bare = timed(|| fleet.greet(hosts))?;
    eprintln!("{} hosts, round {number}: {first:.2?} {changed:.2?} {unchanged:.2?}", hosts.len());
    Ok(Round { bare, first, changed, unchanged, unconnected: plimsoll::deploy_unconnected(fleet, release)? })
}
