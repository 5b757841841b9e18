//! Durations and sizes, as people write them: a whole number and a unit.

/// Units of time with their length in milliseconds.
const TIMES: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Units of size with their length in bytes.
const SIZES: &[(&str, u64)] =
    &[("B", 1), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// The longest duration, in milliseconds: a leap year, so that sums of some still fit any clock.
const LONGEST_MS: u64 = 366 * 86_400_000;

/// The largest size in bytes: what still fits the signed numbers that systems count with.
const LARGEST: u64 = i64::MAX as u64;

/// How durations look, as a regular expression.
pub(super) const TIME_PATTERN: &str = "^[0-9]+(ms|s|m|h|d)$";

/// How sizes look, as a regular expression.
pub(super) const SIZE_PATTERN: &str = "^[0-9]+(B|KB|MB|GB|KiB|MiB|GiB)$";

/// Reads a duration such as `30s` into milliseconds; none when it is no duration, or longer than a year.
pub fn millis(text: &str) -> Option<u64> {
    quantity(text, TIMES).filter(|value| *value <= LONGEST_MS)
}

/// Reads a size such as `512MB` into bytes.
pub(super) fn bytes(text: &str) -> Option<u64> {
    quantity(text, SIZES).filter(|value| *value <= LARGEST)
}

/// Writes milliseconds in the largest unit that leaves no rest.
pub(super) fn spoken(millis: u64) -> String {
    let fits = TIMES.iter().rev().find(|(_, length)| millis > 0 && millis.is_multiple_of(*length));
    let (unit, length) = fits.unwrap_or(&("s", 1_000));
    format!("{}{unit}", millis / length)
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, length) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let table = [
            ("500ms", Some(500)),
            ("2s", Some(2_000)),
            ("1m", Some(60_000)),
            ("366d", Some(LONGEST_MS)),
            ("367d", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
            ("", None),
            ("s", None),
            ("5", None),
            ("5 s", None),
            ("-5s", None),
            ("1.5s", None),
            ("5S", None),
            ("٥s", None),
        ];
        for (text, expect) in table {
            assert_eq!(millis(text), expect, "{text}");
        }
    }

    #[test]
    fn sizes() {
        let table = [("512MB", Some(512_000_000)), ("64KiB", Some(65_536)), ("1B", Some(1)), ("99999999999GB", None), ("512mb", None), ("64K", None)];
        for (text, expect) in table {
            assert_eq!(bytes(text), expect, "{text}");
        }
    }

    #[test]
    fn what_is_spoken_reads_back() {
        for value in [1, 999, 1_000, 1_500, 60_000, 86_400_000] {
            assert_eq!(millis(&spoken(value)), Some(value));
        }
        assert_eq!((spoken(60_000), spoken(0)), ("1m".into(), "0s".into()));
    }
}
