//! Durations, sizes, moments and counts, as people read them.

use plimsoll_model::time::Moment;

/// A duration in milliseconds.
pub fn duration(ms: u64) -> String {
    let seconds = ms / 1000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{seconds}.{} s", ms % 1000 / 100),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// A size in bytes.
pub fn size(bytes: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", bytes / unit, bytes % unit * 10 / unit);
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

/// A moment, to the second and in UTC.
pub fn moment(at: Moment) -> String {
    let text = at.to_string();
    match text.split_once('T') {
        Some((day, time)) => format!("{day} {} UTC", time.split('.').next().unwrap_or(time)),
        None => text,
    }
}

/// So many of something: `1 component`, `2 components`.
pub fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_read_by_people() {
        let durations = [(0, "0 ms"), (999, "999 ms"), (1_000, "1.0 s"), (59_999, "59.9 s"), (61_000, "1 min 1 s"), (3_660_000, "1 h 1 min")];
        for (ms, expect) in durations {
            assert_eq!(duration(ms), expect);
        }
        for (bytes, expect) in [(0, "0 bytes"), (999, "999 bytes"), (1_500, "1.5 kB"), (20_000_000, "20.0 MB"), (1 << 30, "1.0 GB")] {
            assert_eq!(size(bytes), expect);
        }
        assert_eq!(moment(Moment(1_768_660_200_007)), "2026-01-17 14:30:00 UTC");
        assert_eq!((count(1, "host"), count(0, "host")), ("1 host".to_owned(), "0 hosts".to_owned()));
    }
}
