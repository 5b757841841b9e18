//! SQL as text: its tokens, its statements, and where they stand. What a statement means is left to `lint`.

mod statement;
mod token;

use plimsoll_model::finding::Place;

pub(crate) use statement::{Sql, Statement};
pub(crate) use token::{Token, TokenKind, tokens};

/// Where `start..end` of `text` stands.
pub(crate) fn place(file: &str, text: &str, start: usize, end: usize) -> Place {
    let before = &text[..start];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Place {
        file: file.into(),
        line: line(text, start),
        column: u32::try_from(text[line_start..start].chars().count() + 1).unwrap_or(u32::MAX),
        offset: start,
        length: end - start,
    }
}

/// The line, from 1, in which byte `at` of `text` stands.
pub(crate) fn line(text: &str, at: usize) -> u32 {
    u32::try_from(text[..at].matches('\n').count() + 1).unwrap_or(u32::MAX)
}
