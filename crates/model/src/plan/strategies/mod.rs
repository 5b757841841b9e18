//! How a component is replaced: pure functions from what is wanted and what was seen to steps.

pub mod blue_green;
pub mod database;
pub mod recreate;
pub mod remove;
pub mod site;

use super::make::prunable;
use super::{DesiredComponent, ObservedComponent, Served, Step, Target};
use crate::route::RouteSpec;
use crate::slot::{ObservedSlot, ProcessSpec};
use crate::{BackupId, ComponentName, SlotId};

/// How long the check through a route may take, in milliseconds: the slot is known to be healthy by then.
const ROUTE_CHECK_MS: u64 = 10_000;

/// How long a slot may take to stop when its own drain time is not known any more, in milliseconds.
pub(super) const DRAIN_MS: u64 = 10_000;

/// What a strategy looks at: one component on one host.
pub struct Site<'a> {
    /// The component.
    pub component: &'a ComponentName,
    /// As it shall be.
    pub wanted: &'a DesiredComponent,
    /// As it was seen.
    pub seen: &'a ObservedComponent,
    /// How many releases are kept.
    pub keep: u32,
    /// How many backups are kept; none is taken when absent.
    pub keep_backups: Option<u32>,
    /// The backup whose data comes before everything.
    pub restore: Option<&'a BackupId>,
    /// The backup whose data takes the place of what there is.
    pub put_back: Option<&'a BackupId>,
    /// Its slots are stopped before: a database is migrated meanwhile.
    pub stopped: bool,
}

impl Site<'_> {
    /// The next slot of the component.
    fn new_slot(&self) -> SlotId {
        SlotId::numbered(self.component, self.seen.next_slot.max(1))
    }

    /// Lays out the release, unless it is.
    pub(super) fn stage(&self) -> Option<Step> {
        let staged = self.seen.staged.contains(&self.wanted.release);
        let of = self.wanted.tool().map(|tool| tool.component.clone());
        (!staged).then(|| Step::StageRelease { release: self.wanted.release, shared: self.wanted.shared.clone(), of })
    }

    /// Has a certificate issued, unless its enrolment is what serves.
    pub(super) fn enrol(&self) -> Option<Step> {
        let enrolment = |route: Option<&RouteSpec>| route.and_then(|route| route.tls.as_ref()?.enrolment.clone());
        let served = enrolment(self.seen.served.as_ref().and_then(|served| served.route.as_ref()));
        let wanted = enrolment(self.wanted.route.as_ref()).filter(|wanted| served.as_ref() != Some(wanted))?;
        let port = self.wanted.route.as_ref().and_then(|route| route.tls.as_ref()?.redirect_from)?;
        Some(Step::Enrol { enrolment: *wanted, port })
    }

    /// A slot that already is all that is wanted and runs: then only the route has to move.
    fn ready_slot(&self) -> Option<&ObservedSlot> {
        if self.stopped {
            return None;
        }
        let served = self.seen.served.as_ref()?.target.slot()?;
        let slot = self.seen.slots.iter().find(|slot| slot.slot == *served)?;
        let fits = slot.release == self.wanted.release && slot.config == self.wanted.config();
        (fits && slot.condition != crate::slot::Condition::Stopped).then_some(slot)
    }

    fn start(&self, slot: &SlotId, spec: &ProcessSpec) -> [Step; 2] {
        let start = Step::StartSlot { slot: slot.clone(), release: self.wanted.release, config: self.wanted.config(), spec: spec.clone() };
        [start, Step::AwaitHealthy { slot: slot.clone(), check: spec.health.clone(), within_ms: spec.start_timeout_ms }]
    }

    fn switch_to(&self, target: Target) -> Step {
        let to = Served { target, release: self.wanted.release, config: self.wanted.config(), route: self.wanted.route.clone(), deployment: None };
        Step::Switch { from: self.seen.served.clone(), to: Some(to) }
    }

    /// Asks the new release through its route.
    fn check_route(&self) -> Option<Step> {
        let (route, path) = self.wanted.route_check()?;
        let certificate = route.tls.as_ref().map(|tls| tls.certificate);
        Some(Step::CheckRoute { matches: route.matches.clone(), path, within_ms: ROUTE_CHECK_MS, certificate })
    }

    fn prune(&self) -> impl Iterator<Item = Step> {
        prunable(self.seen, self.wanted.release, self.keep).into_iter().map(|release| Step::PruneRelease { release })
    }
}
