//! Plans that have to be approved, and approvals, on record on a machine.

use std::collections::BTreeMap;

use plimsoll_host::Trouble;
use plimsoll_host::ledger::ASKED_KEPT;
use plimsoll_model::approval::{Approval, Asked};
use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::time::Moment as Time;
use plimsoll_model::{DeploymentId, EnvironmentKey, PlanHash};

/// Plans that have to be approved, the newest last, and approvals by their nonces.
#[derive(Default)]
pub(super) struct Approvals {
    asked: Vec<Asked>,
    given: BTreeMap<String, (Approval, Option<DeploymentId>)>,
}

impl Approvals {
    pub(super) fn ask(&mut self, asked: &Asked) {
        self.forget(&asked.plan.key, asked.plan.hash());
        self.asked.push(asked.clone());
        let of_key = |other: &Asked| other.plan.key == asked.plan.key;
        if self.asked.iter().filter(|other| of_key(other)).count() > ASKED_KEPT as usize {
            let oldest = self.asked.iter().position(of_key);
            oldest.map(|oldest| self.asked.remove(oldest));
        }
    }

    pub(super) fn asked(&self, key: &EnvironmentKey) -> Vec<Asked> {
        self.asked.iter().rev().filter(|asked| asked.plan.key == *key).cloned().collect()
    }

    pub(super) fn approve(&mut self, at: Time, approval: &Approval) {
        self.given.retain(|_, (given, _)| given.until >= at);
        self.given.entry(approval.nonce.clone()).or_insert_with(|| (approval.clone(), None));
    }

    pub(super) fn unused(&self, key: &EnvironmentKey, plan: PlanHash) -> Vec<Approval> {
        let unused = self.given.values().filter(|(given, used_by)| (&given.key, given.plan) == (key, plan) && used_by.is_none());
        unused.map(|(given, _)| given.clone()).collect()
    }

    /// Uses the approval of a deployment that begins.
    pub(super) fn used(&mut self, record: &DeploymentRecord) -> Result<(), Trouble> {
        let Some(approval) = &record.approval else { return Ok(()) };
        match self.given.get_mut(&approval.nonce) {
            Some((_, used_by @ None)) => *used_by = Some(record.id.clone()),
            _ => return Err(Trouble::new("approval-used", "the approval has been used")),
        }
        self.forget(&record.key, record.plan);
        Ok(())
    }

    fn forget(&mut self, key: &EnvironmentKey, plan: PlanHash) {
        self.asked.retain(|asked| asked.plan.key != *key || asked.plan.hash() != plan);
    }
}
