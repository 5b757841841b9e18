//! Deployments to servers: `cargo xtask bench servers`. A release of 20 MB goes to one host and to ten, by Plimsoll and by what people use
//! instead, which take turns within each round.
//!
//! The hosts are of its own, and set up before anything is measured: by `plimsoll host provision`, and with a service and nginx before it for each
//! peer. All tools use the same logins, keys and network.

mod ansible;
mod fleet;
mod peer;
mod plimsoll;
mod pyinfra;
mod release;
mod round;
mod script;

use super::bed::Bed;
use super::probe::Probe;
use super::row::{Goal, Row};
use crate::Outcome;
use crate::hosts::Machine;
use fleet::Fleet;
use release::Release;
use round::Medians;

const ROUNDS: u64 = 5;

/// What brings a release to hosts.
trait Tool {
    /// What people call it.
    fn name(&self) -> &'static str;

    /// Makes these hosts forget that there was ever a release.
    fn forget(&mut self, hosts: &[Machine]) -> Outcome;

    /// Brings the release as it is now to these hosts, and has it served.
    fn deploy(&mut self, hosts: &[Machine]) -> Outcome;

    /// Where it is served.
    fn url(&self, host: Machine) -> String;
}

/// Measures all of it.
///
/// # Errors
/// When a host does not come up, or a deployment fails.
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    let service = bed.test_service()?;
    let fleet = Fleet::start(bed)?;
    let release = Release::new(&service)?;
    let mut rows = Vec::new();
    for count in [1, fleet.hosts().len()] {
        let hosts = fleet.hosts().get(..count).expect("there are as many");
        // The first is ours, the second what all goals but one speak of.
        let mut tools: [Box<dyn Tool + '_>; 4] = [
            Box::new(plimsoll::Plimsoll::new(&fleet, &release)),
            Box::new(script::Script::new(&fleet, &release)),
            Box::new(ansible::Ansible::new(&fleet, &release)?),
            Box::new(pyinfra::Pyinfra::new(&fleet, &release)?),
        ];
        rows.extend(times(&fleet, &release, hosts, &mut tools)?);
        rows.extend(losses(bed, &release, hosts, &mut tools)?);
        tools.iter_mut().try_for_each(|tool| tool.forget(hosts))?;
    }
    Ok(rows)
}

fn times(fleet: &Fleet, release: &Release, hosts: &[Machine], tools: &mut [Box<dyn Tool + '_>; 4]) -> Result<Vec<Row>, String> {
    let rounds = (0..ROUNDS).map(|round| round::run(fleet, release, hosts, tools, round));
    let Medians { bare, first, changed, unchanged } = Medians::of(&rounds.collect::<Result<Vec<_>, _>>()?);
    let names = ["plimsoll", "script", "ansible", "pyinfra"];
    let row = |what: &str, seconds: [f64; 4], peer: usize| {
        Row::new(format!("20 MB to {}: {what}", counted(hosts)), seconds[0], "s").against(names[peer], seconds[peer])
    };
    Ok(vec![
        row("first", first, 1).goal(Goal::RatioAtMost(1.0)),
        row("first", first, 2),
        row("first", first, 3),
        row("1 % changed", changed, 1).goal(Goal::RatioAtMost(0.5)),
        row("1 % changed", changed, 2).goal(Goal::RatioAtMost(0.15)),
        row("1 % changed", changed, 3),
        row("nothing changed", unchanged, 1),
        row("nothing changed", unchanged, 2),
        row("nothing changed", unchanged, 3),
        Row::new(format!("20 MB to {}: nothing changed", counted(hosts)), unchanged[0], "s")
            .against("ssh HOST true", bare)
            .goal(Goal::AboveAtMost(0.06)),
    ])
}

/// How many requests fail while each tool brings a change.
fn losses(bed: &Bed, release: &Release, hosts: &[Machine], tools: &mut [Box<dyn Tool + '_>; 4]) -> Result<Vec<Row>, String> {
    const RATE: u32 = 200;
    let mut rows = Vec::new();
    for (number, tool) in (0u64..).zip(tools) {
        release.change(u64::MAX - number)?;
        let urls: Vec<String> = hosts.iter().map(|host| tool.url(*host)).collect();
        let probe = Probe::start(bed, RATE, &urls)?;
        tool.deploy(hosts)?;
        let seen = probe.stop()?;
        let what = format!("{}: failed of {} requests, 1 % changed on {}", tool.name(), seen.count("sent"), counted(hosts));
        let row = Row::new(what, seen.count("failed"), "requests");
        rows.push(if number == 0 { row.goal(Goal::AtMost(0.0)) } else { row });
    }
    Ok(rows)
}

fn counted(hosts: &[Machine]) -> String {
    if hosts.len() == 1 { "1 host".into() } else { format!("{} hosts", hosts.len()) }
}
