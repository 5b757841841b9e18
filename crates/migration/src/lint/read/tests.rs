//! Statements and what is read from them.

use DatabaseKind::{Mysql, Postgres, Sqlite};

use super::*;
use crate::sql::Sql;

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
        (Postgres, "VACUUM", "[[]]"),
        (Sqlite, "VACUUM", "[[]]"),
        (Sqlite, "ALTER TABLE main.A DROP COLUMN `B`", r#"[[DropColumn { table: "a", column: "b" }]]"#),
        (Mysql, "ALTER TABLE a ADD INDEX i (b)", r#"[[CreateIndex { table: "a", concurrently: false }]]"#),
        (Mysql, "DELETE FROM a LIMIT 10", r#"[[Delete { table: "a", all: false }]]"#),
        (Postgres, "UPDATE a SET (b, c) = (1, 2)", r#"[[Update { table: "a", columns: ["b", "c"], all: true }]]"#),
        (Postgres, "ALTER TABLE a DROP CONSTRAINT b, OWNER TO c", r#"[[DropConstraint { table: "a", constraint: "b" }, Alter { table: "a" }]]"#),
    ];
    for (kind, sql, expected) in cases {
        assert_eq!(read(kind, sql), expected, "{kind}: {sql}");
    }
}
