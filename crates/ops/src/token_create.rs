//! Makes a token, with which an agent reaches a server of this project over a network.

use plimsoll_model::manifest;
use plimsoll_model::name;
use schemars::JsonSchema;
use serde::Serialize;

use crate::tokens::{self, Book, Scope, Token, TokenState, TokenView};
use crate::{Context, Exit, OpError, Progress, hosts, project};

/// How long a token may be taken at most, in milliseconds: a year.
pub const LONGEST_MS: u64 = 365 * 86_400_000;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Input {
    /// What people call it: made as names of components are. The record of what is done with it has that name.
    pub name: String,
    /// How far it reaches.
    pub scope: Scope,
    /// How long it is taken, in milliseconds; a year at most.
    pub expires_in_ms: u64,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The token itself. It is told here, and never again.
    pub token: String,
    /// What may be told of it at any time.
    #[serde(flatten)]
    pub about: TokenView,
}

/// Makes it. What is kept of it is a hash.
///
/// # Errors
/// Its name is none, or taken; an environment is none of the project's; it would be taken for too long; or it cannot be kept.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    judge(context, &input)?;
    let (project, now) = (tokens::project_of(context)?, hosts::now());
    let (mut book, turn) = Book::open(&context.home)?;
    let taken = |token: &Token| token.project == project && token.name == input.name && token.state(now) == TokenState::Valid;
    if book.tokens.iter().any(taken) {
        let message = format!("there is a token called {} already", input.name);
        return Err(OpError::new(Exit::Usage, "token-name-taken", message)
            .with_help(format!("revoke it (plimsoll token revoke {}), or take another name", input.name)));
    }
    let secret = tokens::fresh();
    let token = Token {
        id: tokens::random::<4>(),
        name: input.name,
        project,
        hash: plimsoll_model::Digest::of(secret.expose().as_bytes()),
        scope: input.scope,
        created_at: now,
        expires_at: now.plus(input.expires_in_ms),
        revoked_at: None,
    };
    let about = token.view(now);
    book.tokens.push(token);
    book.write(turn)?;
    Ok(Output { token: secret.expose().clone(), about })
}

fn judge(context: &Context, input: &Input) -> Result<(), OpError> {
    let unfit = |code: &str, message: String, help: String| Err(OpError::new(Exit::Usage, code, message).with_help(help));
    if let Err(error) = name::judge(&input.name) {
        return unfit("token-bad-name", format!("a token cannot be called {:?}: {error}", input.name), "give it another name, such as ci".into());
    }
    if input.expires_in_ms == 0 || input.expires_in_ms > LONGEST_MS {
        return unfit("token-bad-expiry", "a token is taken for some time, and a year at most".into(), "say how long, such as --expires 30d".into());
    }
    let known = manifest::environments(&project::read(context)?);
    match input.scope.environments.difference(&known).next() {
        Some(unknown) => {
            let names: Vec<&str> = known.iter().map(plimsoll_model::EnvironmentName::as_str).collect();
            unfit("unknown-environment", format!("the project has no environment {unknown}"), format!("it has: {}", names.join(", ")))
        }
        None => Ok(()),
    }
}
