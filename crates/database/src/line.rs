//! The line of a script at which a database stumbled.

/// The line of the `position`th character, both from 1.
pub(crate) fn of_position(script: &str, position: usize) -> usize {
    1 + script.chars().take(position.saturating_sub(1)).filter(|c| *c == '\n').count()
}

/// The line on which `text` begins, from 1; nothing when it is not there or there more than once, as then nobody knows which is meant.
pub(crate) fn of_text(script: &str, text: &str) -> Option<usize> {
    let mut found = script.match_indices(text).filter(|(at, _)| !text.is_empty() && is_word(script, *at, text));
    let (at, _) = found.next()?;
    found.next().is_none().then(|| 1 + script[..at].matches('\n').count())
}

/// What the message speaks of: what stands between the first of these quotes after `near`, or the name after a colon.
pub(crate) fn meant(message: &str) -> Option<&str> {
    if let Some((_, after)) = message.split_once("near ") {
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let inside = &after[1..];
        // The text itself may have quotes in it, so the last one ends it; what comes after it has none.
        return inside.rfind(quote).map(|end| &inside[..end]);
    }
    message.strip_prefix("no such ")?.split_once(": ").map(|(_, name)| name)
}

/// Whether it is not a part of a longer word.
fn is_word(script: &str, at: usize, text: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let joins = |inner: Option<char>, outer: Option<char>| is_letter(inner) && is_letter(outer);
    let before = joins(text.chars().next(), script[..at].chars().next_back());
    let after = joins(text.chars().next_back(), script[at + text.len()..].chars().next());
    !before && !after
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "CREATE TABLE é (id INT);\nSELECT id\nFROMM e;\nSELECT 'x';";

    #[test]
    fn positions_count_characters() {
        for (position, expect) in [(1, 1), (24, 1), (25, 1), (26, 2), (36, 3), (0, 1), (10_000, 4)] {
            assert_eq!(of_position(SCRIPT, position), expect, "{position}");
        }
    }

    #[test]
    fn what_a_message_means_is_looked_for() {
        let cases = [
            ("near \"FROMM\": syntax error", Some("FROMM"), Some(3)),
            ("near \"SELECT\": syntax error", Some("SELECT"), None),
            ("no such table: e", Some("e"), Some(3)),
            ("You have an error; use near 'FROMM e;\nSELECT 'x'' at line 2", Some("FROMM e;\nSELECT 'x'"), Some(3)),
            ("near \"\": syntax error", Some(""), None),
            ("incomplete input", None, None),
        ];
        for (message, text, line) in cases {
            assert_eq!((meant(message), meant(message).and_then(|text| of_text(SCRIPT, text))), (text, line), "{message}");
        }
    }
}
