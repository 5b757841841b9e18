//! What differs between what a component is and what it shall be.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DesiredComponent, ObservedComponent};
use crate::Digest;
use crate::route::RouteSpec;
use crate::slot::Condition;
use crate::time::Moment;

/// Why a component gets steps, or that it gets none. What weighs more comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was not there.
    Create,
    /// It gets another release.
    Release,
    /// It is configured in another way.
    Configuration,
    /// Its traffic comes from elsewhere.
    Route,
    /// Its certificate is another one, and nothing else.
    Certificate,
    /// Its database has other migrations than it shall have.
    Schema,
    /// It is what it shall be and does not run.
    Restart,
    /// It is taken away from a host, and has others.
    Leave,
    /// It is taken away.
    Remove,
    /// It is what it shall be.
    None,
}

impl Change {
    /// Compares `seen` with `wanted`.
    #[must_use]
    pub fn between(wanted: &DesiredComponent, seen: &ObservedComponent) -> Change {
        let Some(served) = &seen.served else { return Change::Create };
        if served.release != wanted.release {
            Change::Release
        } else if served.config != wanted.config() {
            Change::Configuration
        } else if !runs(seen) {
            Change::Restart
        } else if served.route != wanted.route {
            if without_certificate(&served.route) == without_certificate(&wanted.route) { Change::Certificate } else { Change::Route }
        } else {
            Change::None
        }
    }
}

/// The route without what a renewal changes.
fn without_certificate(route: &Option<RouteSpec>) -> Option<RouteSpec> {
    let mut route = route.clone()?;
    if let Some(tls) = &mut route.tls {
        (tls.certificate, tls.expires_at) = (Digest::ZERO, Moment::LAST);
    }
    Some(route)
}

/// Whether what serves is really there: a site always is, a slot when it was not stopped.
fn runs(seen: &ObservedComponent) -> bool {
    let Some(slot) = seen.served.as_ref().and_then(|served| served.target.slot()) else { return true };
    seen.slots.iter().any(|seen| seen.slot == *slot && seen.condition != Condition::Stopped)
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Change::Create => "new",
            Change::Release => "new release",
            Change::Configuration => "new configuration",
            Change::Route => "new route",
            Change::Certificate => "new certificate",
            Change::Schema => "other migrations",
            Change::Restart => "does not run",
            Change::Leave => "moved away",
            Change::Remove => "removed",
            Change::None => "unchanged",
        })
    }
}
