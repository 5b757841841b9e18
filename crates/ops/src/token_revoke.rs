//! Makes a token worthless, at once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tokens::{self, Book, Token, TokenState, TokenView};
use crate::{Context, Exit, OpError, Progress, hosts};

/// Which one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its id, or its name.
    pub token: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// What may be told of it.
    #[serde(flatten)]
    pub about: TokenView,
}

/// Revokes it: servers that run take it no more. What was begun with it comes to its end.
///
/// # Errors
/// The project has no such token, or what is kept cannot be read or written.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let (project, now) = (tokens::project_of(context)?, hosts::now());
    let (mut book, turn) = Book::open(&context.home)?;
    let named = |token: &&mut Token| token.project == project && (token.id == input.token || token.name == input.token);
    // A name may have had other tokens before: the one that is taken is meant.
    let found = book.tokens.iter_mut().filter(named).max_by_key(|token| token.state(now) == TokenState::Valid);
    let Some(token) = found else {
        let message = format!("{project} has no token {}", input.token);
        return Err(OpError::new(Exit::Usage, "token-missing", message).with_help("plimsoll token list tells which there are"));
    };
    token.revoked_at.get_or_insert(now);
    let about = token.view(now);
    book.write(turn)?;
    Ok(Output { about })
}
