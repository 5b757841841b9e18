//! What has to be before an environment is changed.

use super::super::shape::{Choice, Key, Shape, Table};

/// What has to be before an environment is changed.
pub(super) static REQUIREMENTS: Table = Table {
    name: "requirements",
    doc: "What has to be before an environment is changed.",
    one_of: &[],
    keys: &[
        Key::new(
            "backup",
            Shape::Flag,
            "false",
            "Backs a database up, and verifies the backup, before its migrations are run. By default everywhere but in `local`.",
        ),
        Key::new(
            "safe_migrations",
            Shape::Flag,
            "true",
            "Refuses to deploy migrations that could hurt a database in use, or the version that still serves, unless their files accept it.",
        )
        .default("false"),
        Key::new("verified_in", Shape::NotYet("proofs from other environments"), "", ""),
        Key::new("clean_tree", Shape::NotYet("rules about the work tree"), "", ""),
        Key::new(
            "approval",
            Shape::Choice(&[Choice::new("agents"), Choice::new("everyone")]),
            "\"agents\"",
            "Whose plans one of `approvers` has to approve with `plimsoll approve`: those of AI agents, or all. The hosts hold everybody to it.",
        ),
    ],
};
