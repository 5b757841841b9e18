//! Approvals: keeping plans that wait for one, and judging signatures.

use plimsoll_api::{ApprovalQuery, ApprovalWork, HostError, Open};
use plimsoll_model::approval::{Approval, ApprovalRule, Asked, LONGEST_MS, NAMESPACE, missing};
use plimsoll_model::audit::{Action, Actor, Deed, Ending};
use plimsoll_model::deployment::Failure;
use plimsoll_model::time::Moment;
use plimsoll_model::{EnvironmentKey, PlanHash};
use ssh_key::{PublicKey, SshSig};

use crate::Host;
use crate::look;
use crate::trouble::Trouble;

/// In the signature of a key in hardware: somebody has touched it.
const TOUCHED: u8 = 1;

/// Does what is asked.
pub(crate) async fn carry_out(host: &Host, query: ApprovalQuery) -> Result<Vec<Asked>, HostError> {
    let ApprovalQuery { key, work, by } = query;
    match work {
        ApprovalWork::List => all(host, &key).await.map_err(HostError::Internal),
        ApprovalWork::Ask { plan, .. } if plan.key != key => Err(HostError::Unfit(format!("the plan is not for {key}"))),
        ApprovalWork::Ask { plan, reason } => {
            let asked = Asked { plan: *plan, by, reason, at: host.world.clock.now(), approval: None };
            host.world.ledger.ask(&asked).await.map_err(HostError::Internal)?;
            Ok(vec![told(host, asked).await.map_err(HostError::Internal)?])
        }
        ApprovalWork::Give { approval } => give(host, &key, *approval, Actor::from(&by)).await,
    }
}

async fn all(host: &Host, key: &EnvironmentKey) -> Result<Vec<Asked>, Trouble> {
    let mut all = Vec::new();
    for asked in host.world.ledger.asked(key).await? {
        all.push(told(host, asked).await?);
    }
    Ok(all)
}

/// The same with its approval, if it has one that is good.
async fn told(host: &Host, asked: Asked) -> Result<Asked, Trouble> {
    let policy = look::policy(&host.world, &asked.plan.key, asked.plan.desired.policy.as_ref()).await?;
    let approval = match policy.approval {
        Some(rule) => good(host, &asked.plan.key, asked.plan.hash(), &rule).await?,
        None => None,
    };
    Ok(Asked { approval, ..asked })
}

async fn give(host: &Host, key: &EnvironmentKey, approval: Approval, by: Actor) -> Result<Vec<Asked>, HostError> {
    let recorded = look::recorded(&host.world, key).await.map_err(HostError::Internal)?;
    let rule = recorded.and_then(|policy| policy.approval);
    let now = host.world.clock.now();
    let deed = |ending| Deed {
        environment: Some(key.clone()),
        plan: Some(approval.plan),
        note: Some(format!("{}, until {}", approval.by, approval.until)),
        ..Deed::new(by, Action::Approval, ending)
    };
    if let Err(failure) = judge(&approval, key, rule.as_ref(), now) {
        crate::audit::tell(host, &deed(Ending::Refused).because(&failure)).await;
        return Err(HostError::Refused(failure));
    }
    host.world.ledger.approve(now, &approval, &deed(Ending::Done)).await.map_err(HostError::Internal)?;
    let all = all(host, key).await.map_err(HostError::Internal)?;
    Ok(all.into_iter().filter(|asked| asked.plan.hash() == approval.plan).collect())
}

/// The approval by which a deployment may begin, where it needs one.
///
/// # Errors
/// There is none that is good.
pub(crate) async fn judge_open(host: &Host, open: &Open) -> Result<Option<Approval>, HostError> {
    let (key, plan) = (&open.plan.key, open.plan.hash());
    let policy = look::policy(&host.world, key, open.plan.desired.policy.as_ref()).await.map_err(HostError::Internal)?;
    let Some(rule) = policy.approval.filter(|rule| rule.holds(&open.holder.surface)) else { return Ok(None) };
    let approval = good(host, key, plan, &rule).await.map_err(HostError::Internal)?;
    approval.map(Some).ok_or_else(|| HostError::Refused(missing(key, plan, &rule)))
}

/// An approval of the plan that was not used and that this rule lets count.
async fn good(host: &Host, key: &EnvironmentKey, plan: PlanHash, rule: &ApprovalRule) -> Result<Option<Approval>, Trouble> {
    let now = host.world.clock.now();
    let unused = host.world.ledger.approvals(key, plan).await?;
    Ok(unused.into_iter().find(|approval| approval.plan == plan && judge(approval, key, Some(rule), now).is_ok()))
}

/// Whether an approval is one: of this environment, in its time, by one who can approve, and signed. Without a rule, anyone can: the rule
/// comes with the plan, and is asked when the plan is carried out.
fn judge(approval: &Approval, key: &EnvironmentKey, rule: Option<&ApprovalRule>, now: Moment) -> Result<(), Failure> {
    let refused = |code: &str, message: String, help: &str| Err(Failure::new(code, message).with_help(help));
    if approval.key != *key {
        return refused("approval-unfit", format!("this is an approval for {}, not for {key}", approval.key), "approve it for this environment");
    }
    if approval.until <= now {
        return refused("approval-late", format!("this approval was good until {}", approval.until), "approve it once more");
    }
    if approval.until > now.plus(LONGEST_MS) {
        return refused("approval-unfit", "an approval is good for a day at most".into(), "approve it for a shorter time");
    }
    if rule.is_some_and(|rule| rule.by.iter().all(|approver| approver.key() != approval.by.key())) {
        let by: Vec<String> = rule.into_iter().flat_map(|rule| &rule.by).map(ToString::to_string).collect();
        let message = format!("{} cannot approve plans for {key}; who can: {}", approval.by, by.join(", "));
        return refused("approver-unknown", message, "let one of these approve it");
    }
    match is_signed(approval) {
        true => Ok(()),
        false => refused("approval-forged", format!("the signature is not of {} for this plan", approval.by), "approve it with `plimsoll approve`"),
    }
}

/// Whether its signature is of its key and its statement.
fn is_signed(approval: &Approval) -> bool {
    let (Ok(key), Ok(signature)) = (PublicKey::from_openssh(approval.by.key()), SshSig::from_pem(&approval.signature)) else { return false };
    // Of a key in hardware, flags and a counter of four bytes come last.
    let data = signature.signature_bytes();
    let touched = !key.algorithm().to_string().starts_with("sk-") || data.len().checked_sub(5).is_some_and(|at| data[at] & TOUCHED != 0);
    touched && key.verify(NAMESPACE, approval.statement().as_bytes(), &signature).is_ok()
}

#[cfg(test)]
mod tests;
