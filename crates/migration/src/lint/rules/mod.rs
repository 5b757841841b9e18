//! The rules, one file each: what hurts, why, and how the same is done without hurting.

mod column_dropped;
mod column_renamed;
mod concurrently_in_transaction;
mod constraint_checked_at_once;
mod down_lossy;
mod down_missing;
mod example;
mod index_not_concurrent;
mod not_null_without_default;
mod rows_left_behind;
mod rows_written_under_lock;
mod set_not_null;
mod several_tables_locked;
mod table_dropped;
mod table_locked;
mod table_rebuilt;
mod table_renamed;
mod table_rewritten;
mod table_truncated;
mod taken_away;
mod transaction_ended;
mod type_changed;
mod unbounded_write;
mod unique_without_index;
mod value_demanded;
mod writers_shut_out;

use std::fmt;

use plimsoll_model::database::DatabaseKind;
use plimsoll_model::finding::{Finding, Place, Severity};

use super::case::{Case, Hit};
pub use example::{Example, GROUND};

/// Something that hurts.
pub struct Rule {
    /// Its stable name.
    pub id: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// The databases that it holds for.
    pub kinds: &'static [DatabaseKind],
    /// What happens in the database, or to the program that serves.
    pub harm: Harm,
    /// Why that hurts, as sentences.
    pub why: &'static str,
    /// How the same is done without hurting.
    pub safe: &'static str,
    /// What the rule finds.
    pub example: Example,
    /// What looks alike, and does no harm.
    pub near_miss: Example,
    /// Finds it.
    pub(super) judge: fn(&Case<'_>) -> Vec<Hit>,
}

/// What a migration does that hurts. The tests of this crate watch for each in a real database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// A statement of the program that serves fails afterwards.
    BreaksServing,
    /// The migration itself fails.
    Fails,
    /// The table is read through while nobody may write to it.
    BlocksWriters,
    /// The table is read through while nobody may read it.
    BlocksReaders,
    /// The table, or an index of it, is written anew as a whole while others wait.
    Rewrites,
    /// Others wait for the table until the transaction ends, whatever else it does.
    HoldsTable,
    /// Nobody may read several tables until the transaction ends.
    HoldsTables,
    /// When a later statement fails, what was done before stays.
    LeavesHalf,
    /// Values of rows are gone.
    LosesRows,
    /// After it was applied and undone, something is not as it was.
    CannotBeUndone,
}

impl Harm {
    /// Whether it takes somebody else who uses the database meanwhile.
    #[must_use]
    pub fn takes_others(self) -> bool {
        match self {
            Self::BreaksServing | Self::BlocksWriters | Self::BlocksReaders | Self::Rewrites | Self::HoldsTable | Self::HoldsTables => true,
            Self::Fails | Self::LeavesHalf | Self::LosesRows | Self::CannotBeUndone => false,
        }
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BreaksServing => "a statement of the program that serves fails afterwards",
            Self::Fails => "the migration itself fails",
            Self::BlocksWriters => "the table is read through while nobody may write to it",
            Self::BlocksReaders => "the table is read through while nobody may read it",
            Self::Rewrites => "the table, or an index of it, is written anew as a whole while others wait",
            Self::HoldsTable => "others wait for the table until the transaction ends",
            Self::HoldsTables => "nobody may read several tables until the transaction ends",
            Self::LeavesHalf => "when a later statement fails, what was done before stays",
            Self::LosesRows => "values of rows are gone",
            Self::CannotBeUndone => "after up and down, something is not as it was",
        })
    }
}

const ALL: &[DatabaseKind] = &[DatabaseKind::Sqlite, DatabaseKind::Postgres, DatabaseKind::Mysql];
const POSTGRES: &[DatabaseKind] = &[DatabaseKind::Postgres];
const MYSQL: &[DatabaseKind] = &[DatabaseKind::Mysql];
const TRANSACTIONAL: &[DatabaseKind] = &[DatabaseKind::Sqlite, DatabaseKind::Postgres];
const SERVERS: &[DatabaseKind] = &[DatabaseKind::Postgres, DatabaseKind::Mysql];

/// All of them, by name.
pub const RULES: &[Rule] = &[
    column_dropped::RULE,
    column_renamed::RULE,
    concurrently_in_transaction::RULE,
    constraint_checked_at_once::RULE,
    down_lossy::RULE,
    down_missing::RULE,
    index_not_concurrent::RULE,
    not_null_without_default::RULE,
    rows_left_behind::RULE,
    rows_written_under_lock::RULE,
    set_not_null::RULE,
    several_tables_locked::RULE,
    table_dropped::RULE,
    table_locked::RULE,
    table_rebuilt::RULE,
    table_renamed::RULE,
    table_rewritten::RULE,
    table_truncated::RULE,
    taken_away::RULE,
    transaction_ended::RULE,
    type_changed::RULE,
    unbounded_write::RULE,
    unique_without_index::RULE,
    value_demanded::RULE,
    writers_shut_out::RULE,
];

impl Rule {
    /// A finding of this rule.
    pub(super) fn finding(&self, place: Place, message: &str) -> Finding {
        Finding { severity: self.severity, code: self.id.into(), place: Some(place), message: message.into(), help: Some(self.safe.into()) }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}
