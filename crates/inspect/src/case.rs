//! What an inspection is given, and all of them in a row.

use std::collections::BTreeSet;

use plimsoll_model::HostName;
use plimsoll_model::finding::{Finding, Severity};
use plimsoll_model::time::Moment;

use crate::inspections::INSPECTIONS;
use crate::{Asked, Facts, Mode};

/// A host and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What it is called here.
    pub host: &'a HostName,
    /// The time here before it was asked, and after it had answered.
    pub asked_at: (Moment, Moment),
    /// The version of the program here.
    pub version: &'a str,
    /// What was asked for.
    pub asked: &'a Asked,
    /// What it told.
    pub facts: &'a Facts,
}

/// What all inspections find, the worst first.
#[must_use]
pub fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = INSPECTIONS.iter().flat_map(|(_, inspect)| inspect(case)).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

impl Case<'_> {
    /// A finding that keeps the host from serving as it should.
    pub(crate) fn error(&self, code: &str, message: impl AsRef<str>, help: impl Into<String>) -> Finding {
        self.finding(Severity::Error, code, message.as_ref(), help.into())
    }

    /// A finding that will hurt some day.
    pub(crate) fn warning(&self, code: &str, message: impl AsRef<str>, help: impl Into<String>) -> Finding {
        self.finding(Severity::Warning, code, message.as_ref(), help.into())
    }

    /// A finding that is good to know.
    pub(crate) fn note(&self, code: &str, message: impl AsRef<str>, help: impl Into<String>) -> Finding {
        self.finding(Severity::Note, code, message.as_ref(), help.into())
    }

    /// The ports of all routes that are there or are to be.
    pub(crate) fn ports(&self) -> BTreeSet<u16> {
        let there = self.facts.environments.iter().flat_map(|environment| &environment.services).filter_map(|service| service.route.as_ref());
        there.flat_map(|route| route.ports()).chain(self.asked.ports.iter().copied()).collect()
    }

    /// The host, for whoever looks after it.
    pub(crate) fn keeper(&self) -> String {
        let machine = self.host.as_str().rsplit_once('@').map_or(self.host.as_str(), |(_, machine)| machine);
        match (self.facts.mode, self.facts.is_root) {
            (Mode::System, false) => format!("admin@{machine}"),
            _ => self.host.to_string(),
        }
    }

    fn finding(&self, severity: Severity, code: &str, message: &str, help: String) -> Finding {
        Finding { severity, code: code.into(), place: None, message: format!("{}: {message}", self.host), help: Some(help) }
    }
}
