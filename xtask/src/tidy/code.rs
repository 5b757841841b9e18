//! Rust text as far as the rules need it: which characters are code, and which lines are tests.

/// `text` with blanks for comments and for what stands between quotes. Lines stay where they were.
pub fn without_text(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let skipped = skipped_bytes(rest, code.chars().next_back());
        let taken = if skipped == 0 { first.len_utf8() } else { skipped };
        if skipped == 0 {
            code.push(first);
        } else {
            code.extend(rest[..taken].chars().map(|character| if character == '\n' { '\n' } else { ' ' }));
        }
        rest = &rest[taken..];
    }
    code
}

/// Those lines that stand in no `#[cfg(test)] mod … { … }`.
pub fn without_tests(lines: Vec<(usize, String)>) -> Vec<(usize, String)> {
    let mut product = Vec::with_capacity(lines.len());
    let mut after_attribute = false;
    let mut in_tests = false;
    for (number, line) in lines {
        in_tests |= after_attribute && line.starts_with("mod ") && line.trim_end().ends_with('{');
        if !in_tests {
            product.push((number, line.clone()));
        }
        in_tests &= !line.starts_with('}');
        // Other attributes may stand between it and the module.
        after_attribute = line.starts_with("#[cfg(test)]") || after_attribute && line.starts_with("#[");
    }
    product
}

/// How many bytes at the start of `rest` are a comment or a literal; 0 when it starts with code.
fn skipped_bytes(rest: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(|character| character.is_alphanumeric() || character == '_');
    match rest.as_bytes() {
        [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment(rest),
        [b'"', ..] => 1 + quoted(&rest[1..]),
        [b'r', b'"' | b'#', ..] if !in_word || before == Some('b') => raw_string(rest),
        [b'\'', ..] => character(rest),
        _ => 0,
    }
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    for (at, pair) in rest.as_bytes().windows(2).enumerate() {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 2;
        }
    }
    rest.len()
}

/// Length of what follows the opening quote, the closing one included.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

fn raw_string(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    if rest.as_bytes().get(1 + hashes) != Some(&b'"') {
        return 0;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let start = hashes + 2;
    rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len())
}

/// A character literal, or 0 for a lifetime.
fn character(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some(_)) => rest[3..].find('\'').map_or(0, |at| at + 4),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        let cases = [
            ("a // b", "a     "),
            ("a /* b /* c */ d */ e", "a                   e"),
            (r#"f("x \" y", z)"#, "f(        , z)"),
            (r##"r"x" + r#"y " z"# + 1"##, "     +            + 1"),
            ("b'x' 'é' '\\'' '\\u{1}' &'a str", &format!("b{}&'a str", " ".repeat(21))),
            ("\"a\nb\" c", "  \n   c"),
            ("r#type", "r#type"),
            ("for r in x", "for r in x"),
        ];
        for (text, code) in cases {
            assert_eq!(without_text(text).replace(' ', "_"), code.replace(' ', "_"), "{text}");
        }
    }

    #[test]
    fn tests_are_left_out_to_their_end() {
        let text = "one\n#[cfg(test)]\n#[expect(x)]\nmod tests {\n    two\n}\nthree\n#[cfg(test)]\nmod more;\nfour";
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect();
        let kept: Vec<String> = without_tests(lines).into_iter().map(|(_, line)| line).collect();
        assert_eq!(kept, ["one", "#[cfg(test)]", "#[expect(x)]", "three", "#[cfg(test)]", "mod more;", "four"]);
    }
}
