//! The program itself, for everybody.

use super::Verdict;
use crate::{Deed, Facts, PROGRAM};

pub(super) fn judge(facts: &Facts) -> Verdict {
    if facts.program_is_ours {
        return Verdict::Fine;
    }
    Verdict::Do { what: format!("install plimsoll {} as {PROGRAM}", env!("CARGO_PKG_VERSION")), deeds: vec![Deed::Program] }
}
