//! Which part of a file is asked for (RFC 9110, 14): one range of bytes. Asked for several, all is sent.

/// What a `Range` header means for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it: no range, several, or one that makes no sense.
    All,
    /// From the first to the last of these bytes, counted from 0.
    Bytes {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
    /// A range that lies behind the end.
    Outside,
}

/// The part of a file of `length` bytes that `range` asks for.
pub(crate) fn part(range: Option<&str>, length: u64) -> Part {
    let Some(spec) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else { return Part::All };
    let Some((from, to)) = spec.trim().split_once('-').filter(|_| !spec.contains(',')) else { return Part::All };
    match (number(from), number(to)) {
        (Some(first), Some(last)) if first > last => Part::All,
        (Some(first), _) if first >= length && valid_end(to) => Part::Outside,
        (Some(first), Some(last)) => Part::Bytes { first, last: last.min(length - 1) },
        (Some(first), None) if to.is_empty() => Part::Bytes { first, last: length - 1 },
        (None, Some(0)) if from.is_empty() => Part::Outside,
        (None, Some(_)) if from.is_empty() && length == 0 => Part::Outside,
        (None, Some(suffix)) if from.is_empty() => Part::Bytes { first: length.saturating_sub(suffix), last: length - 1 },
        _ => Part::All,
    }
}

fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn valid_end(text: &str) -> bool {
    text.is_empty() || number(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_ten_bytes() {
        let bytes = |first, last| Part::Bytes { first, last };
        for (range, expect) in [
            ("bytes=0-0", bytes(0, 0)),
            ("bytes=2-5", bytes(2, 5)),
            ("bytes=2-", bytes(2, 9)),
            ("bytes=2-100", bytes(2, 9)),
            ("bytes=-3", bytes(7, 9)),
            ("bytes=-100", bytes(0, 9)),
            ("bytes=9-9", bytes(9, 9)),
            ("bytes=10-", Part::Outside),
            ("bytes=10-20", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=5-2", Part::All),
            ("bytes=0-1,3-4", Part::All),
            ("bytes=-", Part::All),
            ("bytes=a-b", Part::All),
            ("bytes=10-x", Part::All),
            ("bytes=+1-2", Part::All),
            ("lines=1-2", Part::All),
            ("bytes=99999999999999999999-", Part::All),
        ] {
            assert_eq!(part(Some(range), 10), expect, "{range}");
        }
        assert_eq!(part(None, 10), Part::All);
        assert_eq!(part(Some("bytes=0-"), 0), Part::Outside);
        assert_eq!(part(Some("bytes=-1"), 0), Part::Outside);
    }
}
