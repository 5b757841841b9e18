//! The log as a file: a title, then one row a line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Mark, Row};
use crate::Digest;
use crate::time::Moment;

/// The version of the file's form.
pub const FORM: u32 = 1;

/// The first line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Title {
    /// The form of the file: [`FORM`].
    pub plimsoll_audit: u32,
    /// The machine whose log it is.
    pub machine: String,
    /// When it was written.
    pub exported_at: Moment,
    /// The place before the first row.
    pub anchor: Mark,
    /// The place of the last row.
    pub head: Mark,
    /// Whether it begins with the first row that was kept: then what is missing before it was pruned, and a row says so.
    pub pruned: bool,
}

/// Why a line cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It is something else.
    #[error("it is no row of an audit log")]
    Unreadable,
    /// A later version wrote it.
    #[error("it has form {found}, and this plimsoll reads up to {FORM}")]
    Newer {
        /// Its form.
        found: u32,
    },
}

impl Title {
    /// The title as a line, without its end.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("a title is made of strings and numbers")
    }

    /// Reads a title.
    ///
    /// # Errors
    /// The line is none, or has a form that came after this program.
    pub fn read(line: &str) -> Result<Self, LineError> {
        #[derive(Deserialize)]
        struct Version {
            plimsoll_audit: u32,
        }
        let Version { plimsoll_audit: found } = serde_json::from_str(line).map_err(|_| LineError::Unreadable)?;
        if found > FORM {
            return Err(LineError::Newer { found });
        }
        serde_json::from_str(line).map_err(|_| LineError::Unreadable)
    }
}

/// All of a row but the text of its entry.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Tie {
    seq: u64,
    previous: Digest,
    hash: Digest,
}

/// What stands between a row's ties and the text of its entry, which comes last so that it can be taken out just as it was hashed.
const BETWEEN: &str = ",\"entry\":";

impl Row {
    /// The row as a line, without its end: a JSON object.
    #[must_use]
    pub fn line(&self) -> String {
        let tie = Tie { seq: self.seq, previous: self.previous, hash: self.hash };
        let tie = serde_json::to_string(&tie).expect("made of numbers and hashes");
        format!("{}{BETWEEN}{}}}", tie.trim_end_matches('}'), self.entry)
    }

    /// Reads a row.
    ///
    /// # Errors
    /// The line is none.
    pub fn read_line(line: &str) -> Result<Self, LineError> {
        let read = || {
            let (tie, entry) = line.split_once(BETWEEN)?;
            let Tie { seq, previous, hash } = serde_json::from_str(&format!("{tie}}}")).ok()?;
            Some(Self { seq, previous, hash, entry: entry.strip_suffix('}')?.to_owned() })
        };
        read().ok_or(LineError::Unreadable)
    }
}
