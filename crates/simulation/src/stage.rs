//! The hosts of one simulated world, and the ways to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_api::HostApi;
use plimsoll_engine::Fleet;
use plimsoll_model::HostName;
use plimsoll_testkit::world::{Chronicle, Machine, SimHost};

use crate::link::Link;
use crate::project::host;
use crate::scenario::Scenario;

/// Everything that a scenario is played on.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) chronicle: Chronicle,
    /// The first leads to the home host.
    pub(crate) links: Vec<Link>,
    pub(crate) fleet: Fleet,
}

impl Stage {
    pub(crate) fn new(scenario: &Scenario, chronicle: Chronicle) -> Self {
        let links: Vec<Link> = (0..scenario.hosts.max(1)).map(|number| link(scenario, number, &chronicle)).collect();
        let hosts: BTreeMap<HostName, Arc<dyn HostApi>> =
            links.iter().map(|link| (link.host.machine().name().clone(), Arc::new(link.clone()) as Arc<dyn HostApi>)).collect();
        let fleet = Fleet { home: links[0].host.machine().name().clone(), hosts };
        Self { scenario: Arc::new(scenario.clone()), chronicle, links, fleet }
    }

    /// The machines; the first is the home host's.
    pub(crate) fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.links.iter().map(|link| link.host.machine())
    }

    /// The way to the host with this number, taken modulo theirs.
    pub(crate) fn link(&self, host: u8) -> &Link {
        &self.links[usize::from(host) % self.links.len()]
    }

    /// From here on nothing goes wrong that was not begun.
    pub(crate) fn calm(&self) {
        self.links.iter().for_each(Link::calm);
        self.machines().for_each(Machine::calm);
    }
}

fn link(scenario: &Scenario, number: u8, chronicle: &Chronicle) -> Link {
    let machine = Machine::new(host(number), chronicle.clone());
    machine.pace(scenario.pace.wrapping_add(u64::from(number)));
    scenario.behave(&machine);
    Link::new(SimHost::new(machine))
}
