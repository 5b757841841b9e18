//! Tokens: what a server that is reached over a network knows its callers by.
//!
//! A token is 256 random bits, shown once. What is kept of it, in the home folder of who made it, is a hash, whose it is, and how far it reaches.

mod book;

use std::collections::BTreeSet;
use std::path::PathBuf;

use plimsoll_model::time::Moment;
use plimsoll_model::{Digest, EnvironmentName, ProjectName, Secret, manifest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use book::Book;

use crate::project::{self, MANIFEST};
use crate::{Context, Exit, OpError, hosts};

/// What a token begins with, so that people and scanners know what they have found.
const PREFIX: &str = "plimsoll_";

/// How far a token reaches, within what the server itself was started for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// Nothing may be changed with it.
    #[serde(default)]
    pub read_only: bool,
    /// The only environments that may be named; all of them when there are none.
    #[serde(default)]
    pub environments: BTreeSet<EnvironmentName>,
}

/// A token, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) name: String,
    /// What it is for.
    pub(crate) project: ProjectName,
    /// Of its text. With 256 random bits in there, nobody guesses it from that.
    pub(crate) hash: Digest,
    pub(crate) scope: Scope,
    pub(crate) created_at: Moment,
    pub(crate) expires_at: Moment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_at: Option<Moment>,
}

/// What may be told of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TokenView {
    /// Names it for good.
    pub id: String,
    /// What people call it, and the record of what is done with it.
    pub name: String,
    /// Whether it is taken.
    pub state: TokenState,
    /// How far it reaches.
    #[serde(flatten)]
    pub scope: Scope,
    /// When it was made.
    pub created_at: Moment,
    /// From when on it is not taken any more.
    pub expires_at: Moment,
    /// When it was revoked.
    pub revoked_at: Option<Moment>,
}

/// Whether a token is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// It is.
    Valid,
    /// Not any more: its time is over.
    Expired,
    /// Not any more: somebody said so.
    Revoked,
}

/// What the holder of a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The token, by the name that stays.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// How far it reaches.
    pub scope: Scope,
}

impl Token {
    pub(crate) fn state(&self, now: Moment) -> TokenState {
        match self.revoked_at {
            Some(_) => TokenState::Revoked,
            None if self.expires_at <= now => TokenState::Expired,
            None => TokenState::Valid,
        }
    }

    pub(crate) fn view(&self, now: Moment) -> TokenView {
        let Self { id, name, scope, created_at, expires_at, revoked_at, .. } = self.clone();
        TokenView { id, name, state: self.state(now), scope, created_at, expires_at, revoked_at }
    }
}

/// Who stands at the door of one project: it knows the tokens that let in.
#[derive(Debug, Clone)]
pub struct Doorkeeper {
    home: PathBuf,
    project: ProjectName,
}

impl Doorkeeper {
    /// The one of the project of `context`, by the name that its manifest has now.
    ///
    /// # Errors
    /// There is no manifest that can be read.
    pub fn of(context: &Context) -> Result<Self, OpError> {
        Ok(Self { home: context.home.clone(), project: project_of(context)? })
    }

    /// What may be done with a token that somebody shows. It is looked up anew each time, so one that is revoked is not taken any more.
    ///
    /// # Errors
    /// It is not taken (`token-unknown`, `token-expired`, `token-revoked`), it is for another project (`token-elsewhere`), or tokens cannot be read.
    pub fn admit(&self, shown: &Secret<String>) -> Result<Grant, OpError> {
        judge(&Book::read(&self.home)?, &self.project, shown, hosts::now())
    }
}

/// The project that a call is about.
pub(crate) fn project_of(context: &Context) -> Result<ProjectName, OpError> {
    let text = project::read(context)?;
    let local = EnvironmentName::new("local").expect("it is a name");
    Ok(manifest::read(&text, MANIFEST, &local).map_err(project::invalid)?.name)
}

/// A text that was never used before, and cannot be guessed.
pub(crate) fn fresh() -> Secret<String> {
    Secret::new(format!("{PREFIX}{}", random::<32>()))
}

/// As many random bytes, in hexadecimal digits.
pub(crate) fn random<const BYTES: usize>() -> String {
    let mut bytes = [0_u8; BYTES];
    // Where the system has no random bytes yet, one waits for them.
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).expect("the system has random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn judge(book: &Book, project: &ProjectName, shown: &Secret<String>, now: Moment) -> Result<Grant, OpError> {
    let refused = |code: &str, message: String, help: &str| Err(OpError::new(Exit::Refused, code, message).with_help(help));
    let hash = Digest::of(shown.expose().as_bytes());
    let Some(token) = book.tokens.iter().find(|token| same(&token.hash, &hash)) else {
        return refused("token-unknown", "nobody knows this token".into(), "a person makes one: plimsoll token create NAME");
    };
    let Token { id, name, scope, .. } = token.clone();
    match token.state(now) {
        TokenState::Revoked => {
            refused("token-revoked", format!("the token {name} was revoked"), "a person makes another: plimsoll token create NAME")
        }
        TokenState::Expired => refused(
            "token-expired",
            format!("the token {name} expired at {}", token.expires_at),
            "a person makes another: plimsoll token create NAME",
        ),
        TokenState::Valid if token.project != *project => {
            refused("token-elsewhere", format!("the token {name} is for another project"), "use one that was made in this project's folder")
        }
        TokenState::Valid => Ok(Grant { id, name, scope }),
    }
}

/// Whether both are equal, found out in a time that does not tell where they differ.
fn same(one: &Digest, other: &Digest) -> bool {
    one.as_bytes().iter().zip(other.as_bytes()).fold(0, |found, (one, other)| found | (one ^ other)) == 0
}

#[cfg(test)]
mod tests;
