//! Guessing what was meant: the nearest of the words that would have been right, and text made fit to be shown.

/// Longest word that is compared: nobody misspells a longer one, and comparing costs the square of it.
const LONGEST: usize = 64;

/// Least likeness of two words, from 0 to 1, at which one may have been meant as the other.
const LIKE: f64 = 0.8;

/// Most characters of somebody's text that a message repeats.
const SHOWN: usize = 60;

/// The one of `known` that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST {
        return None;
    }
    let wanted = word.to_ascii_lowercase().replace('-', "_");
    let rate = |candidate: &str| {
        let candidate = candidate.replace('-', "_");
        // Of short words, one slip of the finger changes much.
        let slip = wanted.len() > 2 && strsim::damerau_levenshtein(&wanted, &candidate) == 1;
        strsim::jaro_winkler(&wanted, &candidate).max(if slip { LIKE } else { 0.0 })
    };
    let best = known.into_iter().map(|candidate| (rate(candidate), candidate)).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(rate, _)| *rate >= LIKE).map(|(_, candidate)| candidate)
}

/// Text from the file inside backticks: without control characters, and not at any length.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(printable).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// Words in backticks, with commas between them.
pub(super) fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// A control character written as an escape, so that it cannot steer a terminal.
fn printable(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["depends_on", "route", "run", "site", "start_timeout"];
        let table = [
            ("rout", Some("route")),
            ("depends-on", Some("depends_on")),
            ("Run", Some("run")),
            ("rnu", Some("run")),
            ("start_timout", Some("start_timeout")),
            ("zebra", None),
            ("", None),
        ];
        for (word, expect) in table {
            assert_eq!(nearest(word, known), expect, "{word}");
        }
        assert_eq!(nearest(&"run".repeat(30), known), None);
    }

    #[test]
    fn what_is_shown_steers_no_terminal_and_stays_short() {
        assert_eq!(shown("a\u{1b}[31mb"), "`a\\u{1b}[31mb`");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), SHOWN + 3);
    }
}
