//! Slots: running instances of releases, as a plan describes them and a host reports them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::HealthCheck;
use crate::{ConfigHash, Digest, ReleaseId, SlotId};

/// What a slot may use of its host. Absent means no limit of ours.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Address space of each of its processes, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Open files of each of its processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_files: Option<u64>,
    /// Processes of its user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<u64>,
    /// CPU time of each of its processes, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_seconds: Option<u64>,
}

/// How a slot is to be run: all that a host needs to know, but for the values of its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct ProcessSpec {
    /// Command line, run by `/bin/sh -c` in the release's folder; gets `PORT`.
    pub run: String,
    /// How to find out whether it serves.
    pub health: HealthCheck,
    /// Its environment variables.
    pub env: BTreeMap<String, String>,
    /// Names of its secrets, with hashes that tell whether a value changed and nothing else.
    pub secrets: BTreeMap<String, Digest>,
    /// The user that it runs as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What it may use.
    pub limits: Limits,
    /// How long it may take until it is healthy, in milliseconds.
    pub start_timeout_ms: u64,
    /// How long it may take to stop, in milliseconds; then it is killed.
    pub drain_timeout_ms: u64,
}

/// A slot as its host sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObservedSlot {
    /// Its name.
    pub slot: SlotId,
    /// The release that it runs.
    pub release: ReleaseId,
    /// How it is configured.
    pub config: ConfigHash,
    /// The port that it was given.
    pub port: u16,
    /// What it is doing.
    pub condition: Condition,
    /// How often its program was started again after it had ended by itself.
    pub restarts: u32,
    /// Process id of its program, while there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

/// What a slot is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Its program runs.
    Running,
    /// Its program ended by itself and is about to be started again.
    Restarting,
    /// It was stopped, or never started.
    Stopped,
}
