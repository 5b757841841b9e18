//! How often a tool may be called: an agent in a loop must not wear out hosts.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use plimsoll_ops::{Exit, OpError};
use tokio::time::Instant;

/// For how long a call counts.
const SPAN: Duration = Duration::from_secs(60);

/// When each tool was called within the last minute, by each caller.
#[derive(Debug, Default)]
pub(crate) struct Pace(BTreeMap<(Option<String>, &'static str), VecDeque<Instant>>);

impl Pace {
    /// Counts a call of a tool by who has this token, or refuses it when `limit` others came within a minute before `now`.
    pub(crate) fn take(&mut self, (token, tool): (Option<&str>, &'static str), limit: usize, now: Instant) -> Result<(), OpError> {
        let calls = self.0.entry((token.map(str::to_owned), tool)).or_default();
        while calls.front().is_some_and(|first| now.duration_since(*first) >= SPAN) {
            calls.pop_front();
        }
        match calls.front() {
            Some(first) if calls.len() >= limit => Err(too_often(tool, limit, SPAN - now.duration_since(*first))),
            _ => {
                calls.push_back(now);
                Ok(())
            }
        }
    }
}

fn too_often(tool: &str, limit: usize, wait: Duration) -> OpError {
    let message = format!("{tool} was called {limit} times within a minute, which is all that is allowed");
    OpError::new(Exit::Refused, "rate-limited", message).with_help(format!("call it again in {} s", wait.as_secs() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_calls_pass_in_any_minute() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let mut take = |tool, s| pace.take((None, tool), 3, begin + Duration::from_secs(s)).map_err(|error| error.help);
        for (at, expect) in [(0, Ok(())), (20, Ok(())), (40, Ok(())), (41, Err(20)), (59, Err(2)), (60, Ok(())), (61, Err(20)), (80, Ok(()))] {
            let expect = expect.map_err(|wait: u64| Some(format!("call it again in {wait} s")));
            assert_eq!(take("plan_deployment", at), expect, "at {at} s");
        }
        assert_eq!(take("rollback", 61), Ok(()));
        assert!(pace.take((Some("1"), "plan_deployment"), 3, begin + Duration::from_secs(61)).is_ok(), "another caller is another matter");
    }

    #[test]
    fn of_ten_thousand_calls_in_a_minute_few_get_through() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let calls = (0..10_000).filter(|call| pace.take((None, "deploy_full"), 10, begin + Duration::from_millis(call * 5)).is_ok());
        assert_eq!(calls.count(), 10);
    }
}
