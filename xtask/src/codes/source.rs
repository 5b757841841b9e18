//! Reads codes out of a source.
//!
//! A code is a word in a place where only codes stand: what makes a failure, a finding or a refusal of it, or an arm of a function `code`. What an error
//! says and what it advises stand right behind it.

use std::collections::BTreeMap;

/// What stands before a code.
const MAKERS: &[&str] =
    &["Failure::new(", "Trouble::new(", "OpError::new(Exit::", "refuse(", "refused(", "error(", "warning(", "note(", "stuck(", "code:", "Told::new("];

/// What is known of a code.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Said {
    /// What the error says.
    pub message: String,
    /// What it advises.
    pub help: String,
}

/// Adds the codes that `text` makes.
pub fn collect(text: &str, codes: &mut BTreeMap<String, Said>) {
    let literals = literals(text);
    for (index, literal) in literals.iter().enumerate() {
        let before = text[..literal.start].trim_end();
        if !is_code(&literal.text) {
            continue;
        }
        let found = match arm(text, before) {
            Some(variant) => of_variant(text, &literals, variant),
            None if before.ends_with("code:") => of_fields(text, literal, &literals[index + 1..]),
            None if is_made(before) => of_call(text, literal, &literals[index + 1..]),
            None => continue,
        };
        let said = codes.entry(literal.text.clone()).or_default();
        said.message = if said.message.is_empty() { found.message } else { std::mem::take(&mut said.message) };
        said.help = if said.help.is_empty() { found.help } else { std::mem::take(&mut said.help) };
    }
}

/// What the call that makes a code is given besides: its message and its advice come next, or the advice before the statement ends, or in the next one.
fn of_call(text: &str, code: &Literal, behind: &[Literal]) -> Said {
    let (given, close) = arguments(text, code.end, behind);
    let said = |from: usize, to: usize| match behind.iter().find(|next| next.start >= from && next.end <= to) {
        Some(literal) => shown(&literal.text),
        None => bound(&text[..code.start], text[from..to].trim()),
    };
    // Findings have a place before both.
    let mut given = given.iter().skip(given.len().saturating_sub(2)).map(|(from, to)| said(*from, *to));
    let message = given.next().unwrap_or_default();
    let help = given.next().or_else(|| advised(text, code.start, close, behind)).unwrap_or_default();
    Said { message, help }
}

/// Where the arguments begin and end that stand behind `from` in the same call, and where that ends.
fn arguments(text: &str, from: usize, literals: &[Literal]) -> (Vec<(usize, usize)>, usize) {
    let (mut found, mut depth, mut begun) = (Vec::new(), 0, from);
    for (at, byte) in text.bytes().enumerate().skip(from) {
        if literals.iter().any(|literal| (literal.start..literal.end).contains(&at)) {
            continue;
        }
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            b',' | b')' | b']' | b'}' if depth == 0 => {
                if !text[begun..at].trim().is_empty() {
                    found.push((begun, at));
                }
                begun = at + 1;
                if byte != b',' {
                    return (found, at);
                }
            }
            _ => {}
        }
    }
    (found, text.len())
}

/// What is advised where a failure was made at `from` and its call ends at `close`.
fn advised(text: &str, from: usize, close: usize, behind: &[Literal]) -> Option<String> {
    let end = statement(text, close);
    let line = text[..from].rfind('\n').map_or(0, |at| at + 1);
    let name = text[line..from].trim_start().strip_prefix("let ").and_then(|rest| rest.split(' ').next());
    let later = name.filter(|name| text[end..].trim_start_matches([';', '\n', ' ']).starts_with(&format!("return Err({name}.with_help(")));
    let later = later.or_else(|| name.filter(|name| text[end..statement(text, end + 1)].contains(&format!("{name}.with_help("))));
    let end = if later.is_some() { statement(text, end + 1) } else { end };
    let at = close + text[close..end].find("with_help(")? + "with_help(".len();
    let literal = behind.iter().find(|next| next.start >= at && bare(&text[at..next.start]).is_empty());
    Some(literal.map_or_else(|| bound(&text[..from], text[at..].split(')').next().unwrap_or_default()), |literal| shown(&literal.text)))
}

/// What stands in the fields next to a code; a shape of the manifest has none, and what it means is said where it is judged.
fn of_fields(text: &str, code: &Literal, behind: &[Literal]) -> Said {
    let near = |next: &&Literal| !["code:", "fn "].iter().any(|other| text[code.end..next.start].contains(other));
    let field = |name: &str| {
        let found = behind.iter().take_while(near).find(|next| bare(&text[..next.start]).ends_with(&format!("{name}:")));
        let end = statement(text, code.end);
        let short = text[code.end..end].lines().take(3).any(|line| line.trim() == format!("{name},") || line.contains(&format!(", {name}")));
        found.map(|next| shown(&next.text)).unwrap_or_else(|| if short { bound(&text[..code.start], name) } else { String::new() })
    };
    Said { message: field("message"), help: field("help") }
}

/// The text that a variable of this name has got before, in the same function.
fn bound(before: &str, name: &str) -> String {
    let Some(at) = before.rfind(&format!("let {name} = ")) else { return String::new() };
    let since = &before[at..];
    let text = literals(since).into_iter().next().filter(|text| text.start < statement(since, 0));
    if since.contains("\nfn ") || since.contains("\n    fn ") || since.contains(" fn ") {
        String::new()
    } else {
        text.map(|text| shown(&text.text)).unwrap_or_default()
    }
}

/// What stands before a text that is put together, or given as it is.
fn bare(before: &str) -> &str {
    let before = before.trim_end();
    before.strip_suffix("format!(").unwrap_or(before).trim_end()
}

/// What an error of this variant says, and what `help` has for it.
fn of_variant(text: &str, literals: &[Literal], variant: &str) -> Said {
    let named = |at: usize| {
        let rest = text[at..].trim_start_matches([')', ']', ' ', '\n']);
        rest.strip_prefix(variant).is_some_and(|rest| rest.starts_with([',', '(', ' ', '{']))
    };
    let message = literals.iter().find(|literal| text[..literal.start].ends_with("#[error(") && named(literal.end));
    let is_help = |literal: &&Literal| {
        let before = bare(&text[..literal.start]);
        let before = before.trim_end_matches("Some(").trim_end();
        of_function(text, before).is_some_and(|name| name == "help") && before.strip_suffix("=>").and_then(last_variant) == Some(variant)
    };
    let help = literals.iter().find(is_help);
    Said { message: message.map(|said| shown(&said.text)).unwrap_or_default(), help: help.map(|said| shown(&said.text)).unwrap_or_default() }
}

/// A string in a source.
pub struct Literal {
    start: usize,
    end: usize,
    /// Without its quotes.
    pub text: String,
}

/// The strings of a source, comments left out.
pub fn literals(text: &str) -> Vec<Literal> {
    let (bytes, mut at, mut found) = (text.as_bytes(), 0, Vec::new());
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'/') => at = text[at..].find('\n').map_or(bytes.len(), |end| at + end),
            b'\'' if bytes.get(at + 2) == Some(&b'\'') => at += 3,
            b'\'' if bytes.get(at + 1) == Some(&b'\\') && bytes.get(at + 3) == Some(&b'\'') => at += 4,
            b'"' => {
                let start = at;
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                let inner = text.get(start + 1..at).unwrap_or_default();
                at += 1;
                found.push(Literal { start, end: at, text: inner.to_owned() });
            }
            _ => at += 1,
        }
    }
    found
}

fn is_code(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('-').all(word)
}

/// Whether what comes next is the code of something that is made there.
fn is_made(before: &str) -> bool {
    let chosen = before.rfind("let code = ").is_some_and(|chosen| !before[chosen..].contains(';'));
    if chosen && (before.ends_with("=>") || before.ends_with('{') || before.ends_with('=')) {
        return true;
    }
    let Some(before) = before.strip_suffix(',') else { return MAKERS.iter().any(|maker| before.ends_with(maker)) };
    let name = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric());
    name.ends_with("OpError::new(Exit::") || name.ends_with("Exit::")
}

/// The variant whose arm of a function `code` comes next.
fn arm<'t>(text: &str, before: &'t str) -> Option<&'t str> {
    let pattern = before.strip_suffix("=>")?;
    (of_function(text, before)? == "code").then(|| last_variant(pattern).unwrap_or_default())
}

/// The function that the end of `before` is in.
fn of_function<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    let from = text[..before.len()].rfind("fn ")? + 3;
    text[from..].split(['(', '<']).next()
}

/// The last variant that a pattern names.
fn last_variant(pattern: &str) -> Option<&str> {
    let line = pattern.trim_end().rsplit('\n').next()?;
    let name = &line[line.rfind("::")? + 2..];
    Some(&name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())])
}

/// Where the statement ends that goes on at `from`.
fn statement(text: &str, from: usize) -> usize {
    let end = text[from..].find(";\n").map_or(text.len(), |end| from + end);
    end.min(text[from..].find("\n}\n").map_or(text.len(), |end| from + end))
}

/// A text with `…` for what is put into it, fit for a table.
pub fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut inside = 0;
    for c in text.replace("\\\"", "\"").replace("\\n", " ").replace("{{", "\u{1}").replace("}}", "\u{2}").replace("\\\n", " ").chars() {
        match c {
            '{' => inside += 1,
            '}' if inside > 0 => {
                inside -= 1;
                shown.push('…');
            }
            _ if inside > 0 => {}
            '|' => shown.push_str("\\|"),
            '\u{1}' => shown.push('{'),
            '\u{2}' => shown.push('}'),
            '<' => shown.push_str("&lt;"),
            c => shown.push(c),
        }
    }
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_where_they_are_made() {
        let source = r#"
            // Failure::new("no-comment", "x")
            let help = "not-a-code";
            return Failure::new("disk-full", format!("no space on {path}")).with_help("free some");
            OpError::new(Exit::Refused, "plan-stale", "the world moved");
            report.error("no-hosts", &section.span_of("hosts"), "there are no hosts", "write some");
            refuse("bad-port", too_long(), advice());
            fn sum() {
                let message = format!("{n} is too much");
                Failure::new("too-much", message);
            }
            enum E {
                #[error("{0} holds it")]
                Held(String),
            }
            fn code(&self) -> &str {
                match self {
                    Self::Held(_) => "lease-held",
                    _ => "lost",
                }
            }
            fn help(&self) -> &str { match self { Self::Held(_) => "wait" } }
        "#;
        let mut codes = BTreeMap::new();
        collect(source, &mut codes);
        let told: Vec<_> = codes.iter().map(|(code, said)| (code.as_str(), said.message.as_str(), said.help.as_str())).collect();
        assert_eq!(
            told,
            [
                ("bad-port", "", ""),
                ("disk-full", "no space on …", "free some"),
                ("lease-held", "… holds it", "wait"),
                ("lost", "", ""),
                ("no-hosts", "there are no hosts", "write some"),
                ("plan-stale", "the world moved", ""),
                ("too-much", "… is too much", ""),
            ]
        );
    }
}
