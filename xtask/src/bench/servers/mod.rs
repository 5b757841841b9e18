//! Deployments to servers: `cargo xtask bench servers`. A release of 20 MB goes to one host and to ten, by Plimsoll and by what people use
//! instead, which take turns within each round.
//!
//! The hosts are of its own, and set up before anything is measured: by `plimsoll host provision`, and with a service and nginx before it for each
//! peer. All tools use the same logins, keys and network.

mod ansible;
mod fleet;
mod medians;
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
use medians::Medians;
use release::Release;

const ROUNDS: usize = 3;

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

/// Plimsoll, the script, Ansible and pyinfra.
type Tools<'a> = [Box<dyn Tool + 'a>; 4];

/// Measures all of it.
///
/// # Errors
/// When a host does not come up, or a deployment fails.
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    let service = bed.test_service()?;
    let fleet = Fleet::start(bed)?;
    let release = Release::new(&service)?;
    // No round finds what another has brought, whatever hosts keep.
    let mut numbers = 1..;
    let mut rows = Vec::new();
    for count in [1, fleet.hosts().len()] {
        let hosts = fleet.hosts().get(..count).expect("there are as many");
        let mut tools: Tools<'_> = [
            Box::new(plimsoll::Plimsoll::new(&fleet, &release)),
            Box::new(script::Script::new(&fleet, &release)),
            Box::new(ansible::Ansible::new(&fleet, &release)?),
            Box::new(pyinfra::Pyinfra::new(&fleet, &release)?),
        ];
        let rounds = numbers.by_ref().take(ROUNDS).map(|number| round::run(&fleet, &release, hosts, &mut tools, number));
        rows.extend(Medians::of(&rounds.collect::<Result<Vec<_>, _>>()?).rows(&counted(hosts)));
        rows.extend(losses(bed, &release, hosts, &mut tools)?);
        tools.iter_mut().try_for_each(|tool| tool.forget(hosts))?;
    }
    Ok(rows)
}

/// How many requests fail while each tool brings a change.
fn losses(bed: &Bed, release: &Release, hosts: &[Machine], tools: &mut Tools<'_>) -> Result<Vec<Row>, String> {
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
