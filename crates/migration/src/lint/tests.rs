//! The linter on whole migrations.

use DatabaseKind::{Mysql, Postgres, Sqlite};
use plimsoll_model::finding::Severity;

use super::*;

/// The findings on `up` and `down` after what all examples begin with: `code` at `line`, `down:` before those of the file that undoes.
fn told(kind: DatabaseKind, up: &str, down: Option<&str>) -> Vec<String> {
    let example = Example { before: "", up: Box::leak(up.into()), down: down.map(|down| &*Box::leak(down.into())) };
    let findings = lint(kind, &example.migrations(), Existing::Applied(&BTreeSet::from([1])));
    let show = |finding: &Finding| {
        let place = finding.place.as_ref().expect("it stands in a file");
        let side = if place.file.ends_with(".down.sql") { "down:" } else { "" };
        format!("{side}{}:{}", place.line, finding.code)
    };
    findings.iter().map(show).collect()
}

/// The findings on `up`, but for what is said of how it is undone.
fn check(kind: DatabaseKind, up: &str, expected: &[&str]) {
    let mut told = told(kind, up, Some("SELECT 1;"));
    told.retain(|one| !one.ends_with(":down-lossy"));
    assert_eq!(told, expected, "{kind}: {up}");
}

/// The codes of what is found in an example, all before it being applied.
fn found(kind: DatabaseKind, example: &Example) -> Vec<String> {
    let migrations = example.migrations();
    let applied = (1..i64::try_from(migrations.len()).expect("there are few")).collect();
    lint(kind, &migrations, Existing::Applied(&applied)).into_iter().map(|finding| finding.code).collect()
}

#[test]
fn every_rule_finds_its_example_and_leaves_its_near_miss_alone() {
    for rule in RULES {
        for kind in rule.kinds {
            assert!(found(*kind, &rule.example).contains(&rule.id.to_owned()), "{rule:?} on {kind}: {:?}", found(*kind, &rule.example));
        }
        let mut near_miss = found(Postgres, &rule.near_miss);
        near_miss.retain(|code| rule.near_miss.down.is_some() || code != "down-missing");
        assert_eq!(near_miss, [""; 0], "{rule:?}");
    }
}

#[test]
fn rules_are_listed_by_name_and_none_is_forgotten() {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/lint/rules");
    let files = std::fs::read_dir(folder).expect("it is there").filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let named: BTreeSet<String> = files.filter_map(|file| Some(file.strip_suffix(".rs")?.replace('_', "-"))).collect();
    let others = ["mod".to_owned(), "example".to_owned()];
    assert_eq!(named, ids.iter().map(|id| (*id).to_owned()).chain(others).collect());
}

#[test]
fn what_a_migration_makes_itself_may_be_changed_at_will() {
    let up = "CREATE TABLE a (id bigint, b text);
CREATE INDEX a_b ON a (b);
ALTER TABLE a ADD COLUMN c uuid NOT NULL;
ALTER TABLE a ALTER COLUMN b TYPE bigint, ALTER COLUMN b SET NOT NULL;
ALTER TABLE a ADD CONSTRAINT a_b UNIQUE (b), ADD CHECK (c > 0);
ALTER TABLE a RENAME COLUMN c TO d; ALTER TABLE a DROP COLUMN d; UPDATE a SET b = 1; DELETE FROM a; TRUNCATE a;
ALTER TABLE a RENAME TO e; DROP TABLE e;
ALTER TABLE account ADD COLUMN f text; ALTER TABLE account RENAME COLUMN f TO g; ALTER TABLE account DROP COLUMN g;";
    check(Postgres, up, &[]);
}

#[test]
fn what_is_run_in_one_go_is_judged_as_one() {
    let migrations = [pair(1, "CREATE TABLE a (id bigint);", "DROP TABLE a;"), pair(2, "DROP TABLE a;", "SELECT 1;")];
    let codes = |existing: Existing<'_>| lint(Postgres, &migrations, existing).into_iter().map(|finding| finding.code).collect::<Vec<_>>();
    assert_eq!(codes(Existing::Applied(&BTreeSet::new())), [""; 0]);
    assert_eq!(codes(Existing::Applied(&BTreeSet::from([1]))), ["table-dropped", "down-lossy"]);
    assert_eq!(codes(Existing::Applied(&BTreeSet::from([1, 2]))), [""; 0]);
    assert_eq!(codes(Existing::Unknown), ["table-dropped", "down-lossy"]);
}

fn pair(version: i64, up: &str, down: &str) -> Pair {
    use plimsoll_model::database::Direction;
    let script = |direction, sql: &str| crate::Script::new(format!("{version}_a.{direction}.sql"), direction, sql);
    Pair::new(version, format!("{version}_a"), script(Direction::Up, up), Some(script(Direction::Down, down)))
}

#[test]
fn names_are_compared_as_the_database_does() {
    check(Postgres, "CREATE TABLE public.Scratch (id int); DROP TABLE scratch;", &[]);
    check(Postgres, "CREATE TABLE \"Scratch\" (id int); DROP TABLE scratch;", &["1:table-dropped"]);
    check(Postgres, "CREATE TABLE other.scratch (id int); DROP TABLE scratch;", &["1:table-dropped"]);
    check(Sqlite, "CREATE TABLE \"Scratch\" (id int); DROP TABLE [scratch];", &[]);
    check(Mysql, "CREATE TABLE `Scratch` (id int); DROP TABLE scratch;", &[]);
}

#[test]
fn each_form_is_found() {
    let cases: &[(&str, &[&str])] = &[
        ("DROP TABLE account, payment;", &["1:table-dropped", "1:table-dropped", "1:several-tables-locked"]),
        ("DROP SCHEMA shop CASCADE;", &["1:table-dropped"]),
        ("DROP VIEW report;", &["1:table-dropped"]),
        ("DROP VIEW report; CREATE VIEW report AS SELECT 1;", &[]),
        ("CREATE VIEW report AS SELECT 1; DROP VIEW report;", &[]),
        ("ALTER TABLE account ADD COLUMN a int REFERENCES payment (id);", &[]),
        ("ALTER TABLE account ADD COLUMN a int DEFAULT 1 REFERENCES payment (id);", &["1:constraint-checked-at-once"]),
        ("ALTER TABLE account ADD COLUMN a int CHECK (a > 0);", &["1:constraint-checked-at-once"]),
        ("ALTER TABLE account ADD COLUMN a int UNIQUE;", &["1:unique-without-index"]),
        ("ALTER TABLE account ADD COLUMN a bigserial;", &["1:table-rewritten"]),
        ("ALTER TABLE account ADD COLUMN a bigint GENERATED ALWAYS AS IDENTITY;", &["1:table-rewritten"]),
        ("ALTER TABLE account ADD COLUMN a int GENERATED ALWAYS AS (age * 2) STORED;", &["1:table-rewritten"]),
        ("ALTER TABLE account ADD COLUMN a timestamptz NOT NULL DEFAULT now();", &[]),
        ("ALTER TABLE account ADD COLUMN a timestamptz NOT NULL DEFAULT clock_timestamp();", &["1:table-rewritten"]),
        ("ALTER TABLE account ADD COLUMN a int NOT NULL DEFAULT NULL;", &["1:not-null-without-default"]),
        ("ALTER TABLE account ADD CHECK (age < 200) NOT VALID;", &[]),
        (
            "ALTER TABLE account ADD CONSTRAINT a CHECK (age < 200) NOT VALID;\nALTER TABLE account VALIDATE CONSTRAINT a;",
            &["2:constraint-checked-at-once"],
        ),
        ("ALTER TABLE account ALTER age TYPE integer;", &["1:type-changed"]),
        ("ALTER TABLE account ALTER email TYPE character varying(200);", &[]),
        ("ALTER TABLE account ADD COLUMN a text; UPDATE account SET a = name;", &["1:rows-written-under-lock"]),
        ("ALTER TABLE account ALTER age SET DATA TYPE text USING age::text;", &["1:type-changed"]),
        ("ALTER TABLE unknown ALTER COLUMN a TYPE text;", &["1:type-changed"]),
        ("REINDEX TABLE account;", &["1:table-rebuilt"]),
        ("REINDEX (VERBOSE) INDEX CONCURRENTLY account_email_idx;", &["1:concurrently-in-transaction"]),
        ("DROP INDEX CONCURRENTLY account_email_idx;", &["1:concurrently-in-transaction"]),
        ("-- no-transaction\nDROP INDEX CONCURRENTLY account_email_idx;\nSELECT 1;", &["2:concurrently-in-transaction"]),
        ("VACUUM FULL account;", &["1:table-rebuilt"]),
        ("VACUUM (FULL, ANALYZE) public.account;", &["1:table-rebuilt"]),
        ("VACUUM (ANALYZE) account;", &[]),
        ("CLUSTER;", &["1:table-rebuilt"]),
        ("ALTER TABLE account SET UNLOGGED;", &["1:table-rebuilt"]),
        ("LOCK account IN ACCESS SHARE MODE;", &[]),
        ("LOCK TABLE ONLY account, payment IN SHARE MODE NOWAIT;", &["1:table-locked"]),
        ("UPDATE account SET name = 'x';", &["1:unbounded-write"]),
        ("DELETE FROM payment WHERE true;\nUPDATE account SET name = 'x' WHERE (1 = 1);", &["1:unbounded-write", "2:unbounded-write"]),
        ("DELETE FROM payment WHERE 1 = 2;", &[]),
        ("UPDATE account SET name = p.id FROM payment p WHERE p.account_id = account.id;", &[]),
        ("CREATE TABLE a AS SELECT * FROM account; DROP TABLE account; ALTER TABLE a RENAME TO account;", &["1:table-dropped"]),
        ("ALTER TABLE account RENAME TO a; ALTER TABLE a RENAME TO b;", &["1:table-renamed", "1:table-renamed"]),
        ("ALTER TABLE account SET SCHEMA other;", &["1:table-renamed"]),
        ("ALTER TABLE IF EXISTS ONLY public.account SET TABLESPACE fast;", &["1:table-rebuilt"]),
        ("ALTER TABLE account ALTER COLUMN name SET STORAGE EXTERNAL;\nALTER TABLE account CLUSTER ON account_email_idx;", &[]),
        ("ALTER TABLE account ALTER name SET STATISTICS 9, DROP COLUMN age, SET ACCESS METHOD heap;", &["1:sql-not-understood"]),
        ("CREATE INDEX i ON ONLY account USING gin (to_tsvector('simple', name));", &["1:index-not-concurrent"]),
        ("CREATE TABLE a (LIKE account INCLUDING ALL);\nALTER TABLE a DROP COLUMN name;\nDROP TABLE a;", &[]),
        ("SELECT * INTO a FROM account;\nDROP TABLE a;", &[]),
        (
            "CREATE MATERIALIZED VIEW v AS SELECT * FROM account WITH NO DATA;\nREFRESH MATERIALIZED VIEW v;\nALTER MATERIALIZED VIEW v RENAME TO w;",
            &[],
        ),
        (
            "REFRESH MATERIALIZED VIEW v;\nREFRESH MATERIALIZED VIEW CONCURRENTLY w;\nALTER VIEW v RENAME TO w;",
            &["1:table-rebuilt", "3:table-renamed"],
        ),
        ("CREATE OR REPLACE VIEW v WITH (security_barrier) AS SELECT 1;\nALTER VIEW v OWNER TO app;\nDROP VIEW v;", &[]),
        (
            "ALTER SEQUENCE s OWNED BY account.id; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app; CREATE STATISTICS s ON age, name FROM account;",
            &[],
        ),
        ("ALTER SEQUENCE s RESTART;", &["1:sql-not-understood"]),
        ("DROP TYPE mood; DROP EXTENSION hstore; ALTER TYPE mood ADD VALUE 'x';", &[]),
        (
            "DROP TYPE mood CASCADE;\nDROP EXTENSION hstore CASCADE;\nALTER TYPE mood RENAME VALUE 'x' TO 'y';",
            &["1:sql-not-understood", "2:sql-not-understood", "3:sql-not-understood"],
        ),
        (
            "MERGE INTO account a USING payment p ON a.id = p.account_id WHEN MATCHED THEN DELETE;\nCALL clean();",
            &["1:sql-not-understood", "2:sql-not-understood"],
        ),
        ("EXPLAIN SELECT 1;\nEXPLAIN ANALYZE DELETE FROM account;", &["2:sql-not-understood"]),
        ("COMMENT ON TABLE account IS 'people'; SET lock_timeout = '2s'; GRANT SELECT ON account TO reader;", &[]),
        ("BEGIN; SELECT 1; COMMIT;", &["1:transaction-ended", "1:transaction-ended"]),
        ("-- no-transaction\nBEGIN; SELECT 1; COMMIT;", &[]),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ DELETE FROM account; SELECT 1 $$;", &[]),
    ];
    for (up, expected) in cases {
        check(Postgres, up, expected);
    }
}

#[test]
fn what_the_program_of_before_does_not_write_is_not_demanded_of_it() {
    let cases: &[(&str, &[&str])] = &[
        ("ALTER TABLE account ADD a int NOT NULL DEFAULT 1, ALTER a DROP DEFAULT;", &["1:value-demanded"]),
        ("ALTER TABLE account ADD a int NOT NULL DEFAULT 1; ALTER TABLE account ALTER a SET DEFAULT NULL;", &["1:value-demanded"]),
        ("ALTER TABLE account ADD a int DEFAULT 1; ALTER TABLE account ALTER a DROP DEFAULT;", &[]),
        ("ALTER TABLE account ADD a int NOT NULL DEFAULT 1, ALTER a DROP NOT NULL, ALTER a DROP DEFAULT;", &[]),
        ("ALTER TABLE account ADD a int;\nALTER TABLE account ALTER a SET NOT NULL;", &["2:value-demanded", "2:set-not-null"]),
        ("ALTER TABLE account ADD a int;\nALTER TABLE account ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;", &["2:value-demanded"]),
        ("ALTER TABLE account ADD a int, ALTER a SET DEFAULT 1;\nALTER TABLE account ALTER a SET NOT NULL;", &["2:set-not-null"]),
        ("ALTER TABLE account ALTER name SET NOT NULL;", &["1:set-not-null"]),
        ("ALTER TABLE account ALTER email SET DEFAULT 'x'; ALTER TABLE account ALTER email DROP DEFAULT;", &[]),
        ("ALTER TABLE unknown ALTER a DROP DEFAULT;", &["1:value-demanded"]),
        ("ALTER TABLE account ADD a int DEFAULT 1, ALTER a DROP DEFAULT;", &[]),
        ("ALTER TABLE account ADD a int, ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;", &["1:value-demanded"]),
        ("CREATE TABLE a (b int NOT NULL DEFAULT 1); ALTER TABLE a ALTER b DROP DEFAULT;", &[]),
    ];
    for (up, expected) in cases {
        check(Postgres, up, expected);
    }
    check(Mysql, "ALTER TABLE account ADD a int NOT NULL DEFAULT 1; ALTER TABLE account MODIFY a int NOT NULL;", &["1:value-demanded"]);
    check(Mysql, "ALTER TABLE account ADD a int NOT NULL DEFAULT 1; ALTER TABLE account MODIFY a int NOT NULL DEFAULT 2;", &[]);
    check(Mysql, "ALTER TABLE account ADD a int; ALTER TABLE account MODIFY a int NOT NULL DEFAULT 2;", &[]);
}

#[test]
fn what_takes_the_place_of_a_table_has_its_rows() {
    let payment = "(id bigint PRIMARY KEY, account_id bigint, amount numeric)";
    let cases: &[(&str, &[&str])] = &[
        ("DROP TABLE payment; CREATE TABLE payment PAYMENT;", &["1:rows-left-behind"]),
        ("ALTER TABLE payment RENAME TO old; CREATE TABLE payment PAYMENT;", &["1:rows-left-behind"]),
        ("ALTER TABLE payment RENAME TO old; CREATE TABLE payment PAYMENT; INSERT INTO payment SELECT * FROM old;", &[]),
        ("CREATE TABLE a PAYMENT; DROP TABLE payment; ALTER TABLE a RENAME TO payment;", &["1:rows-left-behind"]),
        ("DROP TABLE payment; ALTER TABLE filled_before RENAME TO payment;", &["1:table-dropped", "1:table-renamed"]),
    ];
    for (up, expected) in cases {
        for kind in [Postgres, Sqlite] {
            let mut told = told(kind, &up.replace("PAYMENT", payment), Some("SELECT 1;"));
            told.retain(|one| !one.ends_with(":down-lossy") && !one.ends_with(":several-tables-locked"));
            assert_eq!(told, *expected, "{kind}: {up}");
        }
    }
}

#[test]
fn down_drops_nothing_that_up_has_not_made() {
    let down = |up: &str, down: &str| told(Postgres, up, Some(down));
    assert_eq!(down("SELECT 1;", "DROP TABLE payment;"), ["down:1:down-lossy"]);
    assert_eq!(down("SELECT 1;", "ALTER TABLE account DROP COLUMN age;"), ["down:1:down-lossy"]);
    assert_eq!(down("CREATE TABLE a (id bigint);", "DROP TABLE a;"), [""; 0]);
    assert_eq!(down("CREATE VIRTUAL TABLE a USING fts5(b);", "DROP TABLE a;"), [""; 0]);
    assert_eq!(down("DO $$ BEGIN CREATE TABLE a (id bigint); END $$;", "DROP TABLE a;"), ["1:sql-not-understood"]);
    let rebuilt = "CREATE TABLE a (id bigint, account_id bigint, amount numeric); INSERT INTO a SELECT id, account_id, amount FROM payment;
DROP TABLE payment; ALTER TABLE a RENAME TO payment;";
    assert_eq!(told(Sqlite, "ALTER TABLE payment ADD COLUMN note text;", Some(rebuilt)), [""; 0]);
}

#[test]
fn the_way_in_which_sqlite_changes_a_table_is_known() {
    let rebuilt = |columns: &str| {
        format!(
            "CREATE TABLE account_new (id bigint PRIMARY KEY, email text, {columns});
INSERT INTO account_new SELECT * FROM account;
DROP TABLE account;
ALTER TABLE account_new RENAME TO account;"
        )
    };
    check(Sqlite, &rebuilt("name text, age integer"), &[]);
    check(Sqlite, &rebuilt("age integer"), &["3:table-dropped"]);
    check(
        Sqlite,
        "CREATE TABLE a (b text UNIQUE ON CONFLICT REPLACE) WITHOUT ROWID; CREATE VIRTUAL TABLE c USING fts5(d, content='a'); DETACH e;",
        &[],
    );
    check(Sqlite, &rebuilt("name text, age integer, country text NOT NULL"), &["3:table-dropped"]);
    check(Sqlite, &rebuilt("name text, age integer, country text NOT NULL DEFAULT 'de'"), &[]);
}

#[test]
fn mysql_says_all_of_a_column_anew() {
    check(Mysql, "ALTER TABLE account MODIFY COLUMN age INTEGER NOT NULL;", &[]);
    check(Mysql, "ALTER TABLE account MODIFY COLUMN age BIGINT;", &["1:type-changed"]);
    check(Mysql, "ALTER TABLE account CHANGE COLUMN age years INTEGER;", &["1:column-renamed"]);
    check(Mysql, "RENAME TABLE account TO client;", &["1:table-renamed"]);
    check(Mysql, "ALTER TABLE account RENAME client;", &["1:table-renamed"]);
    check(Mysql, "ALTER TABLE account RENAME INDEX a TO b; DROP EVENT e; CREATE USER 'a'@'%' IDENTIFIED BY 'x';", &[]);
    check(Mysql, "LOCK TABLES account WRITE;", &["1:table-locked"]);
    check(Mysql, "CREATE INDEX a ON account (age);", &[]);
}

#[test]
fn what_leads_back_is_judged_too() {
    let up = "ALTER TABLE account ADD COLUMN a text;
-- plimsoll: allow rows-written-under-lock: there are few
UPDATE account SET a = name;";
    assert_eq!(told(Postgres, up, Some("ALTER TABLE account DROP COLUMN a;")), ["down:1:down-lossy"]);
    assert_eq!(told(Postgres, up, Some("UPDATE account SET name = a WHERE a IS NOT NULL; ALTER TABLE account DROP COLUMN a;")), [""; 0]);
    assert_eq!(told(Postgres, "SELECT 1;", Some("\nCREATE INDEX b ON account (age);")), ["down:2:index-not-concurrent"]);
    assert_eq!(told(Postgres, "SELECT 1;", None), ["1:down-missing"]);
    let dropped = "-- plimsoll: allow table-dropped: nobody asks\nDROP TABLE payment;";
    assert_eq!(told(Postgres, dropped, Some("CREATE TABLE payment (id bigint);")), ["2:down-lossy"]);
    assert_eq!(told(Postgres, dropped, Some("CREATE TABLE payment AS SELECT * FROM kept;")), [""; 0]);
}

#[test]
fn a_comment_accepts_one_rule_for_one_statement() {
    let cases: &[(&str, &[&str])] = &[
        ("-- plimsoll: allow table-dropped: nobody asks\nDROP TABLE a;", &[]),
        ("-- plimsoll: allow table-dropped: nobody asks\n-- by now\n\tDROP TABLE a;", &[]),
        ("SELECT 1; -- why\n--plimsoll:allow table-dropped:nobody asks\nDROP TABLE a;", &[]),
        ("-- plimsoll: allow table-dropped: nobody asks\nDROP TABLE a;\nDROP TABLE b;", &["3:table-dropped", "3:several-tables-locked"]),
        ("-- plimsoll: allow table-dropped: nobody asks\n\nDROP TABLE a;", &["1:allow-unused", "3:table-dropped"]),
        ("-- plimsoll: allow table-dropped: nobody asks\n/* why */\nDROP TABLE a;", &["1:allow-unused", "3:table-dropped"]),
        ("SELECT 1; -- plimsoll: allow table-dropped: nobody asks\nDROP TABLE a;", &["1:allow-unused", "2:table-dropped"]),
        ("-- plimsoll: allow column-dropped: nobody asks\nDROP TABLE a;", &["1:allow-unused", "2:table-dropped"]),
        ("DROP TABLE a;\n-- plimsoll: allow table-dropped: nobody asks", &["1:table-dropped", "2:allow-unused"]),
        ("-- plimsoll: allow table-dropped\nDROP TABLE a;", &["1:allow-without-reason", "2:table-dropped"]),
        ("-- plimsoll: allow table-dropped: \nDROP TABLE a;", &["1:allow-without-reason", "2:table-dropped"]),
        ("-- plimsoll: allow everything: I know\nDROP TABLE a;", &["1:allow-unknown-rule", "2:table-dropped"]),
        ("SELECT '\n-- plimsoll: allow table-dropped: a string\n';", &[]),
        ("-- plimsoll: allow sql-not-understood: tried by hand\nDO $$ BEGIN NULL; END $$;", &[]),
    ];
    for (up, expected) in cases {
        check(Postgres, up, expected);
    }
    check(Mysql, "# plimsoll: allow table-dropped: nobody asks\nDROP TABLE a;", &[]);
}

#[test]
fn what_is_not_understood_hides_nothing_else() {
    check(Postgres, "DO $$ BEGIN DROP TABLE b; END $$;\nDROP TABLE a;", &["1:sql-not-understood", "2:table-dropped"]);
    let migrations = [pair(1, "DO $$ BEGIN NULL; END $$;", "SELECT 1;")];
    let found = lint(Postgres, &migrations, Existing::Unknown);
    assert_eq!((found.len(), found[0].severity), (1, Severity::Warning));
    assert_eq!(found[0].message, "this statement was not judged: Expected: an SQL statement, found: DO");
    check(Postgres, "DROP TABLE a; SELECT 'not closed", &["1:table-dropped", "1:sql-not-understood"]);
}

#[test]
fn a_finding_tells_where_it_stands_and_what_to_do() {
    let up = "SELECT 'é';\n  /* é */ DROP TABLE account;\n";
    let findings = lint(Postgres, &[pair(7, up, "SELECT 1;")], Existing::Unknown);
    let place = findings[0].place.as_ref().expect("it stands in a file");
    assert_eq!((place.file.as_str(), place.line, place.column), ("7_a.up.sql", 2, 11));
    assert_eq!(&up[place.offset..place.offset + place.length], "DROP TABLE account");
    assert!(findings[0].help.as_ref().is_some_and(|help| help.contains("deploy a program first")));
}
