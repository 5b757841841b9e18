//! A lexer that knows just enough of SQL to tell code from strings and comments, in the way of each database.

use plimsoll_model::database::DatabaseKind;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword, a name or a number.
    Word,
    /// A name between quotes.
    Name,
    /// A string.
    Text,
    /// From `--` (or `#`) to the end of the line.
    LineComment,
    /// Between `/*` and `*/`.
    BlockComment,
    /// Any other character.
    Symbol,
}

/// A piece of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: TokenKind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// The tokens of `text`, comments among them. What is not closed goes on to the end.
pub(crate) fn tokens(kind: DatabaseKind, text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = 0;
    while let Some(first) = text[start..].chars().next() {
        let end = if first.is_whitespace() {
            start + first.len_utf8()
        } else {
            let (token, length) = token(kind, &text[start..], first);
            tokens.push(Token { kind: token, start, end: start + length });
            start + length
        };
        start = end;
    }
    tokens
}

/// What `rest` starts with, and how many bytes it has.
fn token(kind: DatabaseKind, rest: &str, first: char) -> (TokenKind, usize) {
    use DatabaseKind::{Mysql, Postgres, Sqlite};
    match (first, kind) {
        ('-', _) if is_line_comment(kind, rest) => (TokenKind::LineComment, line(rest)),
        ('#', Mysql) => (TokenKind::LineComment, line(rest)),
        ('/', _) if rest.starts_with("/*") => (TokenKind::BlockComment, block(rest, kind == Postgres)),
        ('\'', _) => (TokenKind::Text, quoted(rest, '\'', kind == Mysql)),
        ('"', Mysql) => (TokenKind::Text, quoted(rest, '"', true)),
        ('e' | 'E', Postgres) if rest[1..].starts_with('\'') => (TokenKind::Text, 1 + quoted(&rest[1..], '\'', true)),
        ('"', _) | ('`', Mysql | Sqlite) => (TokenKind::Name, quoted(rest, first, false)),
        ('[', Sqlite) => (TokenKind::Name, quoted(rest, ']', false)),
        ('$', Postgres) => dollar(rest).map_or((TokenKind::Symbol, 1), |length| (TokenKind::Text, length)),
        _ if is_word(first) => (TokenKind::Word, rest.find(|character| !is_word(character) && character != '$').unwrap_or(rest.len())),
        _ => (TokenKind::Symbol, first.len_utf8()),
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// In `MySQL`, `--` without a space after it is two minus signs.
fn is_line_comment(kind: DatabaseKind, rest: &str) -> bool {
    let after = rest.strip_prefix("--");
    after.is_some_and(|after| kind != DatabaseKind::Mysql || after.is_empty() || after.starts_with(char::is_whitespace))
}

fn line(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

fn block(rest: &str, nests: bool) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let step = match rest.as_bytes()[at..] {
            [b'/', b'*', ..] if depth == 0 || nests => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of what stands between the first character and `close`, both included. A `close` that is doubled stands for itself.
fn quoted(rest: &str, close: char, escapes: bool) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if escapes && character == '\\' {
            characters.next();
        } else if character == close && characters.next_if(|(_, next)| *next == close).is_none() {
            return at + close.len_utf8();
        }
    }
    rest.len()
}

/// The length of a string between `$tag$` and `$tag$`.
fn dollar(rest: &str) -> Option<usize> {
    let tag = &rest[1..=rest[1..].find('$')?];
    let is_tag = tag.chars().all(is_word) && !tag.starts_with(|character: char| character.is_ascii_digit());
    let opening = tag.len() + 2;
    let close = rest[opening..].find(&rest[..opening]).map_or(rest.len(), |at| at + 2 * opening);
    is_tag.then_some(close)
}

#[cfg(test)]
mod tests {
    use super::DatabaseKind::{Mysql, Postgres, Sqlite};
    use super::*;

    fn check(kind: DatabaseKind, text: &str, expected: &[&str]) {
        let told: Vec<&str> = tokens(kind, text).iter().map(|token| &text[token.start..token.end]).collect();
        assert_eq!(told, expected, "{kind}: {text}");
    }

    #[test]
    fn strings_names_and_comments_are_one_token_each() {
        check(Postgres, "a.b = 'it''s; -- no' -- yes; 'x\n;", &["a", ".", "b", "=", "'it''s; -- no'", "-- yes; 'x", ";"]);
        check(Postgres, r"E'a\'b;' 'a\' x", &[r"E'a\'b;'", r"'a\'", "x"]);
        check(Postgres, "$$a;$b$;$$ $t$ $$;$$ $t$ $1", &["$$a;$b$;$$", "$t$ $$;$$ $t$", "$", "1"]);
        check(Postgres, "/* a /* b; */ c; */ d", &["/* a /* b; */ c; */", "d"]);
        check(Postgres, r#""a;""b" é_1"#, &[r#""a;""b""#, "é_1"]);
        check(Mysql, "/* a /* b; */ c", &["/* a /* b; */", "c"]);
        check(Mysql, "1--1 -- x\n# y;\n`a;` \"b\\\";\"", &["1", "-", "-", "1", "-- x", "# y;", "`a;`", "\"b\\\";\""]);
        check(Sqlite, "[a;b] `c``;` 'x\\' \"d;\"", &["[a;b]", "`c``;`", "'x\\'", "\"d;\""]);
    }

    #[test]
    fn what_is_not_closed_goes_on_to_the_end() {
        for text in ["'a; b", "\"a; b", "/* a; b", "$x$ a; b $y$", "/* /* a; */"] {
            check(Postgres, text, &[text]);
        }
    }
}
