//! What happens in one simulated world, as a plain value: it can be written down, made smaller, and played again.

use plimsoll_model::plan::MaxUnavailable;
use plimsoll_testkit::world::{Behaviour, Moment};
use serde::{Deserialize, Serialize};

/// A project, its hosts, and its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// Decides how long each effect takes.
    pub pace: u64,
    /// How many hosts there are; the first is the home host.
    pub hosts: u8,
    /// The components.
    pub parts: Vec<Part>,
    /// What happens, one after the other.
    pub acts: Vec<Act>,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// How it runs and is replaced.
    pub kind: Kind,
    /// Whether it has a route; a site always has.
    pub routed: bool,
    /// How its health is found out.
    pub ask: Ask,
    /// Whether it has a secret.
    pub secret: bool,
    /// The components that it depends on, by number; all of them smaller than its own.
    pub needs: Vec<u8>,
    /// How those of its releases behave that do not simply serve.
    pub odd: Vec<(u8, Behaviour)>,
    /// How many hosts are replaced at once; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<MaxUnavailable>,
    /// Where it goes.
    #[serde(default)]
    pub place: Place,
}

/// The hosts with a label, as bits by their number. None of these, or none of the hosts that there are, is all hosts.
pub type Place = u8;

/// How a component runs and is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A process; the new slot starts beside the old one.
    BlueGreen,
    /// A process that cannot run twice.
    Recreate,
    /// Files.
    Site,
}

/// How the health of a component is found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// By a request.
    Http,
    /// By a connection.
    Connect,
    /// By whether it stays up.
    StaysUp,
}

/// Something that someone does, with what goes wrong meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// What.
    pub does: Does,
    /// What goes wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What someone else does at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rival: Option<Rival>,
    /// The plan was made before the act before this one.
    #[serde(default)]
    pub old_plan: bool,
    /// Afterwards everything is settled, and has to be at rest.
    #[serde(default)]
    pub settles: bool,
}

/// What an operator may want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// Deploys these versions, one for each component; none where the component is not to be there.
    Deploy(Vec<Option<Version>>),
    /// Returns to an earlier deployment: so many good ones back.
    Rollback(u8),
    /// Takes everything away.
    Down,
    /// Settles what was cut off.
    Resume,
    /// Lets so many milliseconds pass.
    Wait(u64),
}

/// A version of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The number of its release.
    pub release: u8,
    /// The number of its configuration.
    pub config: u8,
    /// The number of its route.
    pub route: u8,
    /// Where it goes instead of where its component does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Place>,
}

/// Someone else, at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rival {
    /// When they begin, in milliseconds after the first.
    pub after_ms: u64,
    /// What they want.
    pub does: Does,
}

/// What goes wrong. Hosts are counted from 0 and taken modulo their number; records, effects and calls are counted on each host from
/// the beginning of the act, times in milliseconds as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is what the comment above says, and the variant names the fault")]
pub enum Fault {
    /// The operator's process ends after so many turns of its work.
    OperatorDies { turns: u32 },
    /// The operator changes their mind.
    Cancelled { at_ms: u64 },
    /// Who is asked before the switch objects.
    Objection,
    /// The host process dies at a journal record.
    DiesAtRecord { host: u8, record: usize, moment: Moment },
    /// The host process dies at an effect.
    DiesAtEffect { host: u8, effect: usize, moment: Moment },
    /// The machine is started again: host process and all slots end.
    Reboots { host: u8, at_ms: u64 },
    /// A slot runs no more.
    SlotLost { host: u8, slot: usize, at_ms: u64 },
    /// A record cannot be written.
    RecordFails { host: u8, record: usize },
    /// An effect fails, so many times in a row.
    EffectFails { host: u8, effect: usize, times: u8 },
    /// An effect happens and is told as a failure.
    EffectHalf { host: u8, effect: usize },
    /// An effect takes its time, before or after it happens.
    EffectHangs { host: u8, effect: usize, ms: u64, moment: Moment },
    /// The disk is full for a while.
    DiskFull { host: u8, at_ms: u64, for_ms: u64 },
    /// The clock jumps.
    ClockJumps { host: u8, at_ms: u64, by_ms: i64 },
    /// Nothing gets through for a while.
    Cut { host: u8, at_ms: u64, for_ms: u64 },
    /// Just when this order is sent, nothing gets through any more, for a while. It is lost, or arrives after this time.
    CutAt { host: u8, aim: Aim, late_ms: Option<u64>, for_ms: u64 },
    /// A message does not arrive.
    Lost { host: u8, call: usize },
    /// It arrives, and its answer does not.
    AnswerLost { host: u8, call: usize },
    /// It arrives later.
    Delayed { host: u8, call: usize, ms: u64 },
    /// Its answer arrives later.
    AnswerDelayed { host: u8, call: usize, ms: u64 },
    /// It arrives twice, the second time later.
    Doubled { host: u8, call: usize, ms: u64 },
    /// The caller gives up at once, and the message arrives all the same, later.
    Late { host: u8, call: usize, ms: u64 },
    /// The caller gives up after this time, and the host goes on with it.
    GaveUp { host: u8, call: usize, ms: u64 },
    /// The connection breaks after this time, and the host's work on the call breaks off with it.
    BrokeOff { host: u8, call: usize, ms: u64 },
}

/// An order that much depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// To begin.
    Open,
    /// To seal.
    Seal,
    /// To decide.
    Decide,
    /// To commit.
    Commit,
    /// To roll back.
    RollBack,
}

impl Fault {
    /// The host that it is about.
    #[must_use]
    pub fn host(&self) -> Option<u8> {
        match *self {
            Self::OperatorDies { .. } | Self::Cancelled { .. } | Self::Objection => None,
            Self::DiesAtRecord { host, .. }
            | Self::DiesAtEffect { host, .. }
            | Self::Reboots { host, .. }
            | Self::SlotLost { host, .. }
            | Self::RecordFails { host, .. }
            | Self::EffectFails { host, .. }
            | Self::EffectHalf { host, .. }
            | Self::EffectHangs { host, .. }
            | Self::DiskFull { host, .. }
            | Self::ClockJumps { host, .. }
            | Self::Cut { host, .. }
            | Self::CutAt { host, .. }
            | Self::Lost { host, .. }
            | Self::AnswerLost { host, .. }
            | Self::Delayed { host, .. }
            | Self::AnswerDelayed { host, .. }
            | Self::Doubled { host, .. }
            | Self::Late { host, .. }
            | Self::GaveUp { host, .. }
            | Self::BrokeOff { host, .. } => Some(host),
        }
    }
}
