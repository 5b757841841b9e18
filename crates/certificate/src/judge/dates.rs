//! Whether the certificates of a file are valid now, and for long enough.

use plimsoll_model::finding::Finding;
use plimsoll_model::time::Moment;
use x509_parser::certificate::X509Certificate;

use super::{Case, called, error, warning};

const DAY_MS: u64 = 86_400_000;
/// With less left than this, or than a third of its whole life, a certificate should have been renewed, in milliseconds.
const SOON_MS: u64 = 30 * DAY_MS;

pub(super) fn judge(case: &Case<'_>, chain: &[X509Certificate<'_>]) -> Vec<Finding> {
    chain.iter().filter_map(|certificate| one(case, certificate)).collect()
}

fn one(case: &Case<'_>, certificate: &X509Certificate<'_>) -> Option<Finding> {
    let moment = |seconds: i64| Moment(seconds.saturating_mul(1_000));
    let (from, until) = (moment(certificate.validity().not_before.timestamp()), moment(certificate.validity().not_after.timestamp()));
    let what = format!("{}: {}", case.certificate, called(certificate));
    if case.now >= until {
        return Some(error("certificate-expired", format!("{what} expired on {until}"), "renew it, and give the new file"));
    }
    if case.now < from {
        let help = "wait until then, or set the clock of this machine right";
        return Some(error("certificate-not-yet-valid", format!("{what} is not valid before {from}"), help));
    }
    let left_ms = until.since(case.now);
    let soon = left_ms < SOON_MS.min(until.since(from) / 3);
    soon.then(|| warning("certificate-expires-soon", format!("{what} expires on {until}, in {}", days(left_ms)), "renew it soon"))
}

fn days(ms: u64) -> String {
    match ms / DAY_MS {
        0 => format!("{} h", ms / 3_600_000),
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}
