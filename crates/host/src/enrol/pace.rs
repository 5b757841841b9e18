//! When to ask an authority, and when not to. No I/O.

use plimsoll_model::time::Moment;

use super::record::Record;
use crate::trouble::Trouble;

const HOUR_MS: u64 = 3_600_000;
const WEEK_MS: u64 = 7 * 24 * HOUR_MS;
/// How often an authority is asked at most, whoever wants it: in an hour, and in a week.
const MOST: [(u64, usize); 2] = [(HOUR_MS, 5), (WEEK_MS, 20)];
/// The longest pause between two tries of the host itself.
const LONGEST_PAUSE_MS: u64 = 24 * HOUR_MS;

/// When a certificate that was issued at `from` is to be renewed: at two thirds of its life.
pub(super) fn due_at(from: Moment, expires_at: Moment) -> Moment {
    from.plus(expires_at.since(from) / 3 * 2)
}

/// When the host tries again after `times` failures in a row: after an hour, then after twice as long each time, up to a day.
pub(super) fn again_at(times: u32, now: Moment) -> Moment {
    let pause_ms = HOUR_MS.saturating_mul(1 << times.saturating_sub(1).min(10));
    now.plus(pause_ms.min(LONGEST_PAUSE_MS))
}

/// Whether having asked then still counts.
pub(super) fn counts(asked: Moment, now: Moment) -> bool {
    now.since(asked) < WEEK_MS
}

/// Whether the authority may be asked right now.
///
/// # Errors
/// `acme-limited`, with the time from which it may.
pub(super) fn judge(record: &Record, now: Moment) -> Result<(), Trouble> {
    let barred = record.failed.as_ref().filter(|failed| failed.barred && now < failed.again_at);
    if let Some(failed) = barred {
        return Err(limited(failed.again_at, &format!("the authority wants to be left alone until then: {}", failed.failure.message)));
    }
    for (within_ms, most) in MOST {
        let asked: Vec<Moment> = record.asked.iter().copied().filter(|asked| now.since(*asked) < within_ms).collect();
        if asked.len() >= most {
            let from = asked[asked.len() - most].plus(within_ms);
            let last = record.failed.as_ref().map(|failed| format!("; the last answer: {}", failed.failure.message)).unwrap_or_default();
            return Err(limited(from, &format!("it was asked {} times within {} h{last}", asked.len(), within_ms / HOUR_MS)));
        }
    }
    Ok(())
}

fn limited(from: Moment, why: &str) -> Trouble {
    let message = format!("the authority is not asked for a certificate before {from}: {why}");
    Trouble::new("acme-limited", message).with_help("set right what it complains of, and try again then; what serves goes on")
}

#[cfg(test)]
mod tests {
    use plimsoll_acme::{Refusal, Wait, Why};
    use plimsoll_certificate::About;
    use plimsoll_model::Digest;

    use super::*;

    const DAY_MS: u64 = 24 * HOUR_MS;
    const START: Moment = Moment(1_800_000_000_000);

    fn refusal(wait: Option<Wait>) -> Refusal {
        Refusal { why: Why::Refused, message: "no".into(), help: "do".into(), wait }
    }

    #[test]
    fn a_certificate_is_renewed_at_two_thirds_of_its_life() {
        assert_eq!(due_at(START, START.plus(90 * DAY_MS)), START.plus(60 * DAY_MS));
        assert_eq!(due_at(START, START), START);
        let mut record = Record::default();
        assert_eq!((record.next_at(), record.is_valid(START)), (None, false));
        record.issued(About { digest: Digest::ZERO, expires_at: START.plus(9 * DAY_MS) }, START);
        assert_eq!(record.next_at(), Some(START.plus(6 * DAY_MS)));
        assert_eq!([8, 9].map(|days| record.is_valid(START.plus(days * DAY_MS))), [true, false]);
    }

    #[test]
    fn failures_are_tried_again_later_and_later() {
        let hours: Vec<u64> = (1..=7).map(|times| again_at(times, START).since(START) / HOUR_MS).collect();
        assert_eq!(hours, [1, 2, 4, 8, 16, 24, 24]);
        let mut record = Record::default();
        record.issued(About { digest: Digest::ZERO, expires_at: START.plus(3 * HOUR_MS) }, START);
        record.refused(&refusal(None), START.plus(2 * HOUR_MS));
        assert_eq!(record.next_at(), Some(START.plus(3 * HOUR_MS)));
        record.refused(&refusal(Some(Wait::For(9 * HOUR_MS))), START.plus(3 * HOUR_MS));
        assert_eq!(record.next_at(), Some(START.plus(12 * HOUR_MS)), "the authority's word is the longer one");
        record.issued(About { digest: Digest::ZERO, expires_at: START.plus(90 * DAY_MS) }, START);
        assert_eq!(record.failed, None);
    }

    #[test]
    fn an_authority_is_asked_a_bounded_number_of_times() {
        let mut record = Record::default();
        for _ in 0..5 {
            assert_eq!(judge(&record, START), Ok(()));
            record.asking(START);
        }
        assert_eq!(judge(&record, START).unwrap_err().code, "acme-limited");
        assert_eq!(judge(&record, START.plus(HOUR_MS)), Ok(()));
        let mut now = START;
        for _ in 0..15 {
            now = now.plus(HOUR_MS);
            record.asking(now);
        }
        let trouble = judge(&record, now.plus(HOUR_MS)).unwrap_err();
        assert!(trouble.message.contains("20 times within 168 h"), "{trouble:?}");
        record.asking(START.plus(WEEK_MS));
        assert_eq!(record.asked.len(), 16, "what is a week ago counts no more");
    }

    #[test]
    fn an_authority_that_wants_to_be_left_alone_is() {
        let mut record = Record::default();
        record.refused(&refusal(Some(Wait::Until(START.plus(2 * HOUR_MS)))), START);
        let trouble = judge(&record, START.plus(HOUR_MS)).unwrap_err();
        assert!(trouble.message.contains("left alone until then: no"), "{trouble:?}");
        assert_eq!(judge(&record, START.plus(2 * HOUR_MS)), Ok(()));
        record.refused(&refusal(None), START.plus(2 * HOUR_MS));
        assert_eq!(judge(&record, START.plus(2 * HOUR_MS)), Ok(()), "who asks for it does not wait for the host's own pauses");
    }
}
