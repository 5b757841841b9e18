//! The story of one certificate: whether it is needed, whether the authority may be asked, asking, judging what came, and keeping it.

use plimsoll_acme::{Issued, Refusal, Why};
use plimsoll_certificate::{Case, Pair, judge};
use plimsoll_model::route::Enrolment;
use plimsoll_model::{Digest, EnvironmentKey, Secret};

use super::proof::Stand;
use super::{Record, pace};
use crate::execute::Table;
use crate::trouble::Trouble;
use crate::world::World;

/// A certificate that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) key: EnvironmentKey,
    pub(crate) enrolment: Enrolment,
    /// The port of plain HTTP where its proof is shown.
    pub(crate) port: u16,
}

/// How much of a certificate is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Any that is valid.
    Valid,
    /// One that is not due for renewal.
    Fresh,
    /// A new one.
    New,
}

/// Sees to it that there is a certificate as `need` says. Answers whether it is a new one. One authority is asked at a time, so who wants
/// the same certificate meanwhile finds it.
///
/// # Errors
/// There is none to be had, in the authority's words; what was there before stays.
pub(crate) async fn issue(world: &World, table: &Table, wanted: &Wanted, need: Need) -> Result<bool, Trouble> {
    let _asking = table.asking.lock().await;
    let name = wanted.enrolment.digest();
    let mut record = world.enrolments.record(&wanted.key, name).await?;
    if suffices(world, &wanted.key, &record, need).await? {
        return Ok(false);
    }
    let now = world.clock.now();
    pace::judge(&record, now)?;
    record.asking(now);
    world.enrolments.put(&wanted.key, name, &record).await?;
    let asked = ask(world, table, wanted).await?;
    let now = world.clock.now();
    let _keeping = table.keeping.lock().await;
    let came = match asked.and_then(|issued| judged(&wanted.enrolment, &issued, now)) {
        Ok(pair) => {
            world.certificates.keep(&wanted.key, pair.about().digest, pair.write()).await?;
            record.issued(pair.about(), now);
            Ok(true)
        }
        Err(refusal) => Err(record.refused(&refusal, now)),
    };
    world.enrolments.put(&wanted.key, name, &record).await?;
    came
}

async fn suffices(world: &World, key: &EnvironmentKey, record: &Record, need: Need) -> Result<bool, Trouble> {
    let now = world.clock.now();
    let Some(issued) = record.issued.filter(|_| record.is_valid(now)) else { return Ok(false) };
    let enough = match need {
        Need::Valid => true,
        Need::Fresh => now < issued.due_at,
        Need::New => false,
    };
    Ok(enough && world.certificates.has(key, issued.certificate).await?)
}

/// Asks, with the account that there is or a new one. What goes wrong on this side is no answer of the authority.
async fn ask(world: &World, table: &Table, wanted: &Wanted) -> Result<Result<Issued, Refusal>, Trouble> {
    let enrolment = &wanted.enrolment;
    let name = Digest::of_value(&(&enrolment.directory, &enrolment.contact));
    let account = match account(world, enrolment, name).await? {
        Ok(account) => account,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let stand = Stand { world, table, wanted };
    let asked = world.authority.obtain(enrolment, &account, &stand).await;
    stand.clear().await;
    if matches!(&asked, Err(refusal) if refusal.why == Why::Unknown) {
        world.enrolments.keep_account(name, None).await?;
    }
    Ok(asked)
}

async fn account(world: &World, enrolment: &Enrolment, name: Digest) -> Result<Result<Secret<String>, Refusal>, Trouble> {
    if let Some(account) = world.enrolments.account(name).await? {
        return Ok(Ok(account));
    }
    let made = world.authority.register(enrolment).await;
    if let Ok(account) = &made {
        world.enrolments.keep_account(name, Some(account)).await?;
    }
    Ok(made)
}

/// Authorities make mistakes as well.
fn judged(enrolment: &Enrolment, issued: &Issued, now: plimsoll_model::time::Moment) -> Result<Pair, Refusal> {
    let case = Case { certificate: "what it issued", key: "its key", hosts: &[&enrolment.host], now };
    judge(&case, &issued.chain, &issued.key).map(|(pair, _)| pair).map_err(|findings| {
        let why = findings.into_iter().next().map_or_else(String::new, |finding| finding.message);
        let message = format!("{} has issued a certificate for {} that clients would refuse: {why}", enrolment.directory, enrolment.host);
        Refusal { why: Why::Refused, message, help: "see that the clock of the host is right; tell the authority".into(), wait: None }
    })
}
