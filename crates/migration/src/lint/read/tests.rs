//! Statements and what is read from them.

use DatabaseKind::{Mysql, Postgres, Sqlite};
use plimsoll_model::database::Direction;
use proptest::prelude::*;

use super::*;
use crate::sql::Sql;
use crate::{Existing, Pair, Script, lint};

fn read(kind: DatabaseKind, sql: &str) -> String {
    let split = Sql::split(kind, sql);
    let read: Vec<_> = split.statements.iter().map(|statement| changes(kind, statement).expect("it is known")).collect();
    format!("{read:?}")
}

#[test]
fn statements_are_read_by_what_they_do() {
    let cases = [
        (Postgres, "LOCK TABLE ONLY a.b, \"C\" IN EXCLUSIVE MODE", r#"[[Lock { tables: ["a.b", "C"] }]]"#),
        (Postgres, "CLUSTER (VERBOSE) a", r#"[[Rewrite { table: Some("a"), by: "CLUSTER" }]]"#),
        (Postgres, "INSERT INTO a.b (c) VALUES (1)", r#"[[Insert { table: "a.b" }]]"#),
        (Mysql, "INSERT `A` VALUES (1)", r#"[[Insert { table: "a" }]]"#),
        (Sqlite, "INSERT OR IGNORE INTO a SELECT 1", r#"[[Insert { table: "a" }]]"#),
        (Sqlite, "REPLACE INTO a VALUES (1)", r#"[[Insert { table: "a" }]]"#),
        (Postgres, "DROP MATERIALIZED VIEW a, b", r#"[[DropView { name: "a" }, DropView { name: "b" }]]"#),
        (Postgres, "VACUUM", "[[]]"),
        (Sqlite, "VACUUM", "[[]]"),
        (Sqlite, "ALTER TABLE main.A DROP COLUMN `B`", r#"[[DropColumn { table: "a", column: "b" }]]"#),
        (Mysql, "ALTER TABLE a ADD INDEX i (b)", r#"[[CreateIndex { table: "a", concurrently: false }]]"#),
        (Mysql, "DELETE FROM a LIMIT 10", r#"[[Delete { table: "a", all: false }]]"#),
        (Postgres, "UPDATE a SET (b, c) = (1, 2)", r#"[[Update { table: "a", columns: ["b", "c"], all: true }]]"#),
        (Postgres, "DELETE FROM ONLY a", r#"[[Delete { table: "a", all: true }]]"#),
        (Postgres, "UPDATE ONLY a SET b = 1", r#"[[Update { table: "a", columns: ["b"], all: true }]]"#),
        (Postgres, "WITH x AS (SELECT 1) DELETE FROM a", r#"[[Delete { table: "a", all: true }]]"#),
        (
            Postgres,
            "WITH x AS (DELETE FROM a WHERE b RETURNING *) INSERT INTO c SELECT * FROM x",
            r#"[[Delete { table: "a", all: false }, Insert { table: "c" }]]"#,
        ),
        (Postgres, "SAVEPOINT a; ROLLBACK TO a; BEGIN; END; START TRANSACTION", "[[], [], [Transaction], [Transaction], [Transaction]]"),
        (Postgres, "ALTER TABLE a DROP CONSTRAINT b, OWNER TO c", r#"[[DropConstraint { table: "a", constraint: "b" }, Alter { table: "a" }]]"#),
    ];
    for (kind, sql, expected) in cases {
        assert_eq!(read(kind, sql), expected, "{kind}: {sql}");
    }
}

#[test]
fn what_may_take_rows_with_it_or_write_them_anew_is_not_known() {
    let cases = [
        (Postgres, "ALTER TABLE a DETACH PARTITION b"),
        (Postgres, "ALTER TABLE a ATTACH PARTITION b FOR VALUES IN (1)"),
        (Mysql, "ALTER TABLE a DROP PARTITION b"),
        (Mysql, "ALTER TABLE a DROP PRIMARY KEY"),
        (Mysql, "ALTER TABLE a ENGINE = InnoDB"),
        (Mysql, "ALTER TABLE a CONVERT TO CHARACTER SET utf8mb4"),
    ];
    for (kind, sql) in cases {
        assert!(changes(kind, &Sql::split(kind, sql).statements[0]).is_err(), "{kind}: {sql}");
    }
}

/// What SQL is made of, so that chance makes something that is nearly SQL.
const PIECES: &[&str] = &[
    "ALTER TABLE",
    "a",
    "\"b\"",
    ".",
    "public",
    "(",
    ")",
    ",",
    ";",
    "'",
    "$$",
    "$x$",
    "--",
    "\n",
    "/*",
    "*/",
    "`",
    "[",
    "]",
    "\\",
    "#",
    "é",
    "LOCK",
    "IN",
    "MODE",
    "VACUUM",
    "FULL",
    "CLUSTER",
    "INSERT",
    "INTO",
    "CREATE TRIGGER",
    "BEGIN",
    "END",
    "CASE",
    "IF",
    "plimsoll: allow",
    ":",
    "x",
    "1",
    "E'",
    "DROP",
    "COLUMN",
    "ADD",
    "CONSTRAINT",
    "CHECK",
    "IS NOT NULL",
    "UPDATE",
    "SET",
    "=",
    "DELETE FROM",
    "REINDEX",
    "CONCURRENTLY",
    "ONLY",
];

proptest! {
    #[test]
    fn no_text_is_too_much(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60), spaced in any::<bool>()) {
        let text = pieces.join(if spaced { " " } else { "" });
        for kind in [Sqlite, Postgres, Mysql] {
            let script = |direction| Script::new("1_a.sql", direction, text.clone());
            let pair = Pair::new(1, "1_a", script(Direction::Up), Some(script(Direction::Down)));
            let findings = lint(kind, &[pair], Existing::Unknown);
            for place in findings.iter().filter_map(|finding| finding.place.as_ref()) {
                prop_assert!(text.get(place.offset..place.offset + place.length).is_some(), "{place:?}");
            }
        }
    }
}

#[test]
fn what_is_deep_or_long_is_not_too_much() {
    let deep = format!("UPDATE a SET b = {}1{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(changes(Postgres, &Sql::split(Postgres, &deep).statements[0]).is_err());
    let long = format!("DELETE FROM a WHERE b = 1{}", " OR b = 1".repeat(2_000));
    assert_eq!(read(Postgres, &long), r#"[[Delete { table: "a", all: false }]]"#);
    let wide = format!("INSERT INTO a VALUES (1){}", ", (1)".repeat(100_000));
    assert_eq!(read(Postgres, &wide), r#"[[Insert { table: "a" }]]"#);
}
