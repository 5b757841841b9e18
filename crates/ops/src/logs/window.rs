//! Between which moments lines are wanted.

use plimsoll_model::deployment::{DeploymentRecord, Outcome};
use plimsoll_model::time::Moment;

/// Moments between which a line is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// The first one.
    pub(super) from: Option<Moment>,
    /// The first one behind them.
    pub(super) until: Option<Moment>,
}

impl Window {
    /// Whether a line that was written then is wanted. What cannot be read is not kept back.
    pub(super) fn has(&self, at: &str) -> bool {
        let Ok(at) = serde_json::from_value::<Moment>(at.into()) else { return true };
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    /// While a deployment was carried out and served: to its end when it was undone, to the beginning of the next one that is live otherwise.
    pub(super) fn of(record: &DeploymentRecord, records: &[DeploymentRecord]) -> Self {
        let next = records.iter().rev().find(|other| other.id > record.id && other.outcome() == Outcome::Committed);
        let until = match record.outcome() {
            Outcome::Committed => next.map(|next| next.started_at),
            // The last words come with the end.
            _ => record.ended_at.map(|ended| ended.plus(1_000)),
        };
        Self { from: Some(record.started_at), until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_wanted_between_two_moments() {
        let check = |from: Option<i64>, until: Option<i64>, expect: [bool; 3]| {
            let window = Window { from: from.map(Moment), until: until.map(Moment) };
            let lines = ["1970-01-01T00:00:01.000Z", "1970-01-01T00:00:02.000Z", "no time"];
            assert_eq!(lines.map(|at| window.has(at)), expect, "{window:?}");
        };
        check(None, None, [true, true, true]);
        check(Some(1_000), None, [true, true, true]);
        check(Some(1_001), None, [false, true, true]);
        check(None, Some(2_000), [true, false, true]);
        check(Some(1_500), Some(1_800), [false, false, true]);
    }

    #[test]
    fn a_deployment_is_in_its_logs_until_the_next_one_that_is_live() {
        let record = |number: u8, outcome: Outcome| {
            let began = i64::from(number) * 100;
            let over = crate::tests::record(number, "c", false, outcome);
            DeploymentRecord { started_at: Moment(began), ended_at: Some(Moment(began + 10)), ..over }
        };
        // The newest first, as hosts tell them.
        let all = [record(4, Outcome::Committed), record(3, Outcome::RolledBack), record(2, Outcome::Committed)];
        let told = all.each_ref().map(|record| Window::of(record, &all)).map(|window| (window.from.unwrap().0, window.until.map(|until| until.0)));
        assert_eq!(told, [(400, None), (300, Some(1_310)), (200, Some(400))]);
    }
}
