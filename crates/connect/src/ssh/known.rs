//! What the configuration of `ssh` has said of hosts: each question takes a process, and one command has several.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use plimsoll_model::HostName;

use super::settings::Settings;

/// How long an answer holds: as long as a connection is kept for the next command.
const HOLDS: Duration = Duration::from_secs(super::arguments::PERSIST_SECONDS);

/// Answers of the last minute. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Known(Arc<Mutex<BTreeMap<HostName, (Instant, Settings)>>>);

impl Known {
    /// What it said of `host`.
    pub(super) fn of(&self, host: &HostName, now: Instant) -> Option<Settings> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(host).filter(|(since, _)| now.duration_since(*since) < HOLDS).map(|(_, settings)| settings.clone())
    }

    /// It says `settings` of `host`.
    pub(super) fn note(&self, host: &HostName, now: Instant, settings: &Settings) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(host.clone(), (now, settings.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_for_a_while_and_for_its_host() {
        let (known, now) = (Known::default(), Instant::now());
        let (host, other) = (HostName::new("a").unwrap(), HostName::new("b").unwrap());
        let settings = Settings { address: Some("10.0.0.1".into()), shares: false };
        known.note(&host, now, &settings);
        assert_eq!((known.clone().of(&host, now), known.of(&other, now)), (Some(settings), None));
        assert_eq!(known.of(&host, now + HOLDS), None);
    }
}
