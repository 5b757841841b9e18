//! `plimsoll secrets set ENVIRONMENT NAME`: keeps a value. It is no argument: those are seen by all, and kept by shells.

use std::io::{IsTerminal, Read};

use plimsoll_model::{EnvironmentName, Secret};
use plimsoll_ops::secrets_set::{self, Input};
use plimsoll_ops::{Exit, MAX_VALUE_BYTES, OpError};

use crate::answer::Reply;
use crate::session::Session;
use crate::{hidden, render};

/// Keep the value of a secret, read from standard input or asked for
#[derive(Debug, clap::Args)]
pub struct Set {
    /// Where
    environment: EnvironmentName,
    /// Its name, which is that of the variable in which programs find it
    name: String,
}

impl Set {
    /// Keeps it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let Self { environment, name } = self;
        let value = value(session, &name)?;
        let input = Input { environment: environment.clone(), name, value };
        let output = session.look(async |context, progress| secrets_set::run(context, input, progress).await).await?;
        Ok(Reply::new("secret-set", &output, render::secrets::set(&output)).with_next(format!("plimsoll deploy {environment}")))
    }
}

/// Standard input to its end, without the line break there; on a terminal what is typed unseen.
fn value(session: &Session, name: &str) -> Result<Secret<String>, OpError> {
    if !std::io::stdin().is_terminal() {
        return read(std::io::stdin().lock());
    }
    let asked = if session.console.can_ask() { hidden::ask(&format!("Value of {name}: ")) } else { None };
    asked.ok_or_else(|| OpError::new(Exit::Usage, "secret-no-value", "no value was given").with_help("give it on standard input"))
}

fn read(from: impl Read) -> Result<Secret<String>, OpError> {
    let mut bytes = Vec::new();
    // One more than the largest value and its line break: what is longer is seen to be, and refused.
    let read = from.take(MAX_VALUE_BYTES as u64 + 3).read_to_end(&mut bytes);
    read.map_err(|error| OpError::new(Exit::Failed, "secret-no-value", format!("standard input cannot be read: {error}")))?;
    let mut text = String::from_utf8(bytes).map_err(|_| OpError::new(Exit::Usage, "secret-bad-value", "the value is no text in UTF-8"))?;
    let length = text.strip_suffix('\n').map_or(text.len(), |line| line.strip_suffix('\r').unwrap_or(line).len());
    text.truncate(length);
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_break_at_the_end_is_no_part_of_the_value() {
        for (input, expect) in [("a\n", "a"), ("a\r\n", "a"), ("a", "a"), ("a\n\n", "a\n"), (" a\nb ", " a\nb "), ("\n", "")] {
            assert_eq!(read(input.as_bytes()).unwrap().expose(), expect, "{input:?}");
        }
        assert_eq!(read(&b"\xff"[..]).unwrap_err().code, "secret-bad-value");
    }

    #[test]
    fn a_value_is_whole_or_seen_to_be_too_large() {
        let largest = "x".repeat(MAX_VALUE_BYTES);
        for (end, whole) in [("", true), ("\n", true), ("\r\n", true), ("x", false), ("\r\nx", false), ("\n\nx", false)] {
            let found = read(format!("{largest}{end}").as_bytes()).unwrap();
            assert_eq!(found.expose().len() <= MAX_VALUE_BYTES, whole, "{end:?}");
        }
    }
}
