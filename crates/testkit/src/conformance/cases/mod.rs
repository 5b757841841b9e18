//! The cases, one file for each topic.

mod agents;
mod approvals;
mod audit;
mod crashing;
mod events;
mod history;
mod leases;
mod logs;
mod looking;
mod opening;
mod orders;
mod releases;
mod rolling_back;
mod runs;
mod secrets;
mod services;
mod stopping;

use super::Case;

/// Lists the functions of a topic as its cases.
macro_rules! cases {
    ($topic:literal: $($name:ident),* $(,)?) => {
        /// All of this topic.
        pub(super) const CASES: &[$crate::conformance::Case] =
            &[$($crate::conformance::Case { topic: $topic, name: stringify!($name), play: |scene| Box::pin($name(scene)) }),*];
    };
}
use cases;

const TOPICS: &[&[Case]] = &[
    agents::CASES,
    approvals::CASES,
    audit::CASES,
    crashing::CASES,
    events::CASES,
    history::CASES,
    leases::CASES,
    logs::CASES,
    looking::CASES,
    opening::CASES,
    orders::CASES,
    releases::CASES,
    rolling_back::CASES,
    runs::CASES,
    secrets::CASES,
    services::CASES,
    stopping::CASES,
];

/// Every case.
pub fn all() -> impl Iterator<Item = Case> {
    TOPICS.iter().copied().flatten().copied()
}
