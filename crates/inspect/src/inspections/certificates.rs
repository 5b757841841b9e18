//! Certificates that routes show: whether clients still take them, and how long.

use plimsoll_model::finding::Finding;
use plimsoll_model::time::Moment;

use crate::Case;

/// Shorter than this is told, in milliseconds.
const SOON: u64 = 14 * DAY;

const DAY: u64 = 86_400_000;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let now = case.asked_at.1;
    let of = |environment: &'_ crate::Environment| {
        let key = &environment.key;
        let shown = environment.services.iter().filter_map(|service| Some((&service.name, service.route.as_ref()?.tls.as_ref()?.expires_at)));
        shown.filter_map(|(name, expires_at)| judge(case, &format!("{key}: {name}"), expires_at, now, key.environment.as_str())).collect::<Vec<_>>()
    };
    case.facts.environments.iter().flat_map(of).collect()
}

fn judge(case: &Case<'_>, whose: &str, expires_at: Moment, now: Moment, environment: &str) -> Option<Finding> {
    let help = format!("put a renewed one where the manifest names it, then: plimsoll deploy {environment}");
    if expires_at <= now {
        return Some(case.error("certificate-expired", format!("{whose} shows a certificate that expired at {expires_at}: clients turn away"), help));
    }
    let left = expires_at.since(now);
    let message = || format!("{whose} shows a certificate that expires in {} days, at {expires_at}", left / DAY);
    (left < SOON).then(|| case.warning("certificate-expires", message(), help))
}
