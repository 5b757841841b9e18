//! What keeper and daemon say to each other: JSON, one document a line.
//!
//! A keeper is older than the daemon that finds it again, or newer when an older daemon came back. So both pass over fields that they
//! do not know, and what is added later is optional. A request that a keeper does not know ends the conversation, which tells the asker.

use serde::{Deserialize, Serialize};

use crate::{KeeperSpec, KeptState};

/// The version of these documents.
pub(crate) const VERSION: u32 = 1;

/// From the keeper: how things are now. One is sent on connection, and one at each change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// See [`VERSION`].
    pub version: u32,
    /// How the program is.
    pub state: KeptState,
    /// Set as soon as the keeper was asked to stop.
    #[serde(default)]
    pub stopping: bool,
    /// Set in the last report of a keeper that was asked to stop: everything is gone, itself included.
    #[serde(default)]
    pub over: bool,
}

/// The part of a document that tells whether the rest can be read.
#[derive(Deserialize)]
pub(crate) struct Version {
    /// Its version.
    pub version: u32,
}

/// To the keeper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Stop the program, and end.
    Stop {
        /// How long it may take after `SIGTERM`, in milliseconds.
        grace_ms: u64,
    },
    /// Put another program in the place of the one that runs.
    Replace(Box<Replace>),
}

/// How to replace the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replace {
    /// Names the replacement in what is reported of it.
    pub id: String,
    /// What is to run from then on.
    pub spec: KeeperSpec,
    /// How long the new program may take until it is prepared, and again until it is ready, in milliseconds.
    pub ready_ms: u64,
    /// How long the program before it may go on after it was told to end, in milliseconds; then it is killed.
    pub retire_ms: u64,
}

/// `document` as a line.
pub(crate) fn line(document: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(document).expect("these documents are strings and numbers");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_added_is_passed_over() {
        let known = r#"{"version":1,"state":{"pid":7,"condition":"running","restarts":0,"last_exit":null,"started_at_ms":null}}"#;
        let newer = known.replace("\"restarts\"", "\"mood\":{\"good\":1},\"replacement\":{\"id\":\"a\",\"over\":true,\"when\":3},\"restarts\"");
        let read = |text: &str| serde_json::from_str::<Report>(text).unwrap();
        assert_eq!(read(known).state.replacement, None);
        assert!(read(&newer).state.replacement.unwrap().over);
        assert_eq!(serde_json::from_str::<Request>(r#"{"stop":{"grace_ms":1,"why":"x"}}"#).unwrap(), Request::Stop { grace_ms: 1 });
        assert!(serde_json::from_str::<Request>(r#"{"dance":{}}"#).is_err());
    }
}
