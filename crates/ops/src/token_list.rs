//! Tells which tokens a project has.

use plimsoll_model::ProjectName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tokens::{self, Book, TokenView};
use crate::{Context, OpError, Progress, hosts};

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The project.
    pub project: ProjectName,
    /// Its tokens, those that are not taken any more among them; the oldest first.
    pub tokens: Vec<TokenView>,
}

/// Reads what is kept of them.
///
/// # Errors
/// There is no manifest, or what is kept cannot be read.
pub async fn run(context: &Context, _: Input, _: &Progress) -> Result<Output, OpError> {
    let (project, now) = (tokens::project_of(context)?, hosts::now());
    let book = Book::read(&context.home)?;
    let tokens = book.tokens.iter().filter(|token| token.project == project).map(|token| token.view(now)).collect();
    Ok(Output { project, tokens })
}
