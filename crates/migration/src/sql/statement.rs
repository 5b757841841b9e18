//! The statements of a script, cut where a `;` ends one and not where it stands in a string, a comment or the body of a trigger.

use plimsoll_model::database::DatabaseKind;

use super::{Token, TokenKind, tokens};

/// A script, taken apart.
#[derive(Debug)]
pub(crate) struct Sql<'a> {
    /// In their order.
    pub statements: Vec<Statement<'a>>,
    /// Comments to the end of a line, wherever they stand.
    pub comments: Vec<Token>,
}

/// One statement, without the `;` that ends it.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    /// From its first token to its last.
    pub text: &'a str,
    /// The byte of the script at which it begins.
    pub start: usize,
    /// Its tokens as text, without comments.
    pub words: Vec<&'a str>,
}

impl<'a> Sql<'a> {
    /// Takes `text` apart.
    pub fn split(kind: DatabaseKind, text: &'a str) -> Self {
        let is_comment = |token: &Token| matches!(token.kind, TokenKind::LineComment | TokenKind::BlockComment);
        let (comments, code): (Vec<Token>, Vec<Token>) = tokens(kind, text).into_iter().partition(is_comment);
        let mut statements = Vec::new();
        let mut open = Open::default();
        for token in code {
            let word = &text[token.start..token.end];
            if word == ";" && open.depth == 0 {
                statements.extend(std::mem::take(&mut open).close(text));
            } else {
                open.push(token, word);
            }
        }
        statements.extend(open.close(text));
        Self { statements, comments: comments.into_iter().filter(|token| token.kind == TokenKind::LineComment).collect() }
    }
}

impl Statement<'_> {
    /// The byte of the script after its last.
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// A statement whose end was not seen yet.
#[derive(Default)]
struct Open<'a> {
    tokens: Vec<Token>,
    words: Vec<&'a str>,
    /// How many blocks of a body are open.
    depth: usize,
}

impl<'a> Open<'a> {
    fn push(&mut self, token: Token, word: &'a str) {
        self.tokens.push(token);
        self.words.push(word);
        if token.kind == TokenKind::Word && self.has_body() {
            self.count(word);
        }
    }

    /// Whether it is one of those that hold other statements.
    fn has_body(&self) -> bool {
        let is = |word: &&str, any: &[&str]| any.iter().any(|one| word.eq_ignore_ascii_case(one));
        let makes = self.words.first().is_some_and(|word| is(word, &["CREATE"]));
        makes && self.words.iter().take(8).any(|word| is(word, &["TRIGGER", "FUNCTION", "PROCEDURE", "EVENT"]))
    }

    /// `BEGIN` and `CASE` open a block and `END` closes one, but for `END IF` and its like: `IF` opens none.
    fn count(&mut self, word: &str) {
        let before = self.words.len().checked_sub(2).map(|at| self.words[at]);
        let after_end = before.is_some_and(|before| before.eq_ignore_ascii_case("END"));
        match word.to_ascii_uppercase().as_str() {
            "BEGIN" => self.depth += 1,
            "CASE" if !after_end => self.depth += 1,
            "END" => self.depth = self.depth.saturating_sub(1),
            "IF" | "LOOP" | "WHILE" | "REPEAT" if after_end => self.depth += 1,
            _ => {}
        }
    }

    fn close(self, text: &'a str) -> Option<Statement<'a>> {
        let (first, last) = (self.tokens.first()?, self.tokens.last()?);
        Some(Statement { text: &text[first.start..last.end], start: first.start, words: self.words })
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseKind::{Mysql, Postgres, Sqlite};
    use super::*;

    fn check(kind: DatabaseKind, text: &str, expected: &[&str]) {
        let sql = Sql::split(kind, text);
        assert_eq!(sql.statements.iter().map(|statement| statement.text).collect::<Vec<_>>(), expected, "{kind}");
        for statement in sql.statements {
            assert_eq!(&text[statement.start..statement.end()], statement.text);
        }
    }

    #[test]
    fn a_semicolon_ends_a_statement_only_where_it_is_one() {
        check(Postgres, "a; b /* ; */ c;; -- d;\n'e;'", &["a", "b /* ; */ c", "'e;'"]);
        check(Postgres, "CREATE FUNCTION f() AS $$ BEGIN a; END; $$; b", &["CREATE FUNCTION f() AS $$ BEGIN a; END; $$", "b"]);
        check(Postgres, "CREATE FUNCTION f() BEGIN ATOMIC a; b; END; c", &["CREATE FUNCTION f() BEGIN ATOMIC a; b; END", "c"]);
        check(Postgres, "BEGIN; a; END; b", &["BEGIN", "a", "END", "b"]);
        check(Postgres, " ; -- nothing\n", &[]);
    }

    #[test]
    fn the_body_of_a_trigger_belongs_to_it() {
        let sqlite = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN c THEN 1 ELSE 2 END; d; END";
        check(Sqlite, &format!("{sqlite}; e"), &[sqlite, "e"]);
        let mysql = "CREATE PROCEDURE p() BEGIN IF a THEN b; END IF; CASE c WHEN 1 THEN d; END CASE; WHILE e DO f; END WHILE; END";
        check(Mysql, &format!("{mysql}; g"), &[mysql, "g"]);
    }
}
