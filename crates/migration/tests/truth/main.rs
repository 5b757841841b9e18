//! The rules held against real databases, most of all `PostgreSQL`: the example of each does the harm that the rule names, and its near miss does not.
//!
//! Nothing here is timed. A migration is run in a transaction that stays open while its locks are read and others try to read and write; what
//! cannot run in one is run beside a writer that it has to wait for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod elsewhere;
mod play;
mod serving;
mod watched;

use elsewhere::Elsewhere;
use play::Play;
use plimsoll_migration::{Example, Existing, GROUND, Harm, RULES, Rule, lint};
use plimsoll_model::database::DatabaseKind;
use plimsoll_testkit::fixtures::{Mariadb, Postgres};
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection, raw_sql};
use watched::does;

#[tokio::test]
async fn every_example_does_its_harm_and_no_near_miss_does() {
    let server = Postgres::new();
    let mut wrong = Vec::new();
    for rule in RULES {
        let harmful = Play::of(&server, &rule.example).await.watch().await;
        if !does(rule.harm, &harmful) {
            wrong.push(format!("{}: the example does no harm ({}): {harmful:?}", rule.id, rule.harm));
        }
        let harmless = Play::of(&server, &rule.near_miss).await.watch().await;
        if does(rule.harm, &harmless) || harmless.failed.is_some() {
            wrong.push(format!("{}: the near miss does harm ({}): {harmless:?}", rule.id, rule.harm));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Other forms of what the rules find, and of what they leave alone.
const FORMS: &[&str] = &[
    "ALTER TABLE account ADD COLUMN a int REFERENCES payment (id);",
    "ALTER TABLE account ADD COLUMN a int DEFAULT 1 REFERENCES payment (id);",
    "ALTER TABLE account ADD COLUMN a int CHECK (a > 0);",
    "ALTER TABLE account ADD COLUMN a int, ADD CONSTRAINT c CHECK (a > 0);",
    "ALTER TABLE account ADD COLUMN a int UNIQUE;",
    "ALTER TABLE account ADD COLUMN a bigserial;",
    "ALTER TABLE account ADD COLUMN a bigint GENERATED ALWAYS AS IDENTITY;",
    "ALTER TABLE account ADD COLUMN a int GENERATED ALWAYS AS (age * 2) STORED;",
    "ALTER TABLE account ADD COLUMN a timestamptz NOT NULL DEFAULT now();",
    "ALTER TABLE account ADD COLUMN a timestamptz NOT NULL DEFAULT clock_timestamp();",
    "ALTER TABLE account ADD COLUMN a text DEFAULT lower('A') || current_date;",
    "ALTER TABLE account ADD COLUMN a jsonb NOT NULL DEFAULT '{}';",
    "ALTER TABLE account ADD COLUMN a varchar(50);\nUPDATE account SET a = name;",
    "ALTER TABLE account ADD CONSTRAINT c CHECK (age < 200);",
    "ALTER TABLE account ADD CONSTRAINT c CHECK (age < 200) NOT VALID;",
    "ALTER TABLE account ADD CONSTRAINT c CHECK (age < 200) NOT VALID;\nALTER TABLE account VALIDATE CONSTRAINT c;",
    "ALTER TABLE account ADD CONSTRAINT c EXCLUDE USING btree (id WITH =);",
    "ALTER TABLE account ALTER COLUMN email TYPE text;",
    "ALTER TABLE account ALTER COLUMN email TYPE varchar(50);",
    "ALTER TABLE payment ALTER COLUMN amount TYPE numeric(12, 2);",
    "ALTER TABLE payment ALTER COLUMN amount TYPE numeric(12, 3);",
    "ALTER TABLE payment ALTER COLUMN amount TYPE numeric;",
    "ALTER TABLE account ALTER COLUMN age SET DEFAULT 1;",
    "ALTER TABLE account ADD COLUMN a int;\nUPDATE account SET a = 1 WHERE a IS NULL;\nALTER TABLE account ALTER COLUMN a SET NOT NULL;",
    "ALTER TABLE account ADD COLUMN a int DEFAULT 1;\nALTER TABLE account ALTER COLUMN a SET NOT NULL;",
    "ALTER TABLE account ADD COLUMN a int;\nALTER TABLE account ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;",
    "ALTER TABLE account ADD COLUMN a int NOT NULL DEFAULT 1, ALTER COLUMN a SET DEFAULT NULL;",
    "ALTER TABLE account ALTER COLUMN email SET DEFAULT 'x';\nALTER TABLE account ALTER COLUMN email DROP DEFAULT;",
    "ALTER TABLE account ALTER COLUMN name SET STATISTICS 10;",
    "ALTER TABLE account SET UNLOGGED;",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';\nDROP FUNCTION f();",
    "CREATE SEQUENCE s;\nDROP SEQUENCE s;",
    "CREATE SCHEMA other;\nALTER TABLE account SET SCHEMA other;",
    "ALTER TABLE account RENAME TO a;\nCREATE TABLE account (id bigint PRIMARY KEY, email varchar(100) NOT NULL, name varchar(50), age integer);",
    "DELETE FROM payment WHERE true;",
    "CREATE INDEX i ON ONLY account (age);",
    "ALTER TABLE payment DROP COLUMN amount;",
    "CREATE TABLE a (id bigint PRIMARY KEY, account_id bigint REFERENCES account (id));",
    "CREATE UNIQUE INDEX i ON account (email);",
    "CREATE VIEW v AS SELECT * FROM account;\nDROP VIEW v;",
    "DROP INDEX account_email_idx;",
    "DROP SCHEMA public CASCADE;",
    "LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE;",
    "REINDEX TABLE account;",
    "SAVEPOINT a;\nALTER TABLE account ADD COLUMN a int;\nRELEASE a;",
    "CREATE TABLE a (id bigint);\nROLLBACK;\nBEGIN;\nCREATE TABLE b (id bigint);\nEND;",
    "UPDATE account SET name = 'x';",
    "UPDATE ONLY account SET name = 'x';",
    "WITH x AS (SELECT 1) DELETE FROM ONLY payment;",
    "UPDATE account SET name = 'x' WHERE id < 0;",
    "-- no-transaction\nCREATE INDEX i ON account (age);",
    "-- no-transaction\nREINDEX TABLE CONCURRENTLY account;",
    "-- no-transaction\nVACUUM FULL account;",
    "-- no-transaction\nDROP INDEX CONCURRENTLY account_email_idx;",
    "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON account (age);\nSELECT 1;",
];

/// What is never said of a migration on which no rule has struck. Locks alone are not: they are short.
const HARMS: &[Harm] =
    &[Harm::BreaksServing, Harm::Fails, Harm::BlocksWriters, Harm::BlocksReaders, Harm::Rewrites, Harm::LeavesHalf, Harm::LosesRows];

#[tokio::test]
async fn what_is_found_does_harm_and_what_is_not_found_does_none() {
    let server = Postgres::new();
    let mut wrong = Vec::new();
    for form in FORMS {
        let example = Example { before: "", up: form, down: Some("SELECT 1;") };
        let rules = found(DatabaseKind::Postgres, &example);
        let watched = Play::of(&server, &example).await.watch().await;
        let harmless = rules.iter().filter(|rule| rule.harm != Harm::CannotBeUndone && !does(rule.harm, &watched));
        wrong.extend(harmless.map(|rule| format!("{form}: {} is found, and there is no harm: {watched:?}", rule.id)));
        let done = HARMS.iter().filter(|harm| rules.is_empty() && does(**harm, &watched));
        wrong.extend(done.map(|harm| format!("{form}: nothing is found, and {harm}: {watched:?}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn examples_do_their_harm_on_other_databases_too() {
    let server = Mariadb::new();
    let mut wrong = Vec::new();
    for (rule, kind) in RULES.iter().flat_map(|rule| rule.kinds.iter().map(move |kind| (rule, *kind))) {
        let Some(harm) = elsewhere::harm(kind, rule.harm).filter(|_| kind != DatabaseKind::Postgres) else { continue };
        let watched = Elsewhere::new(kind, &server, rule.id).await.watch(&rule.example).await;
        if !does(harm, &watched) {
            wrong.push(format!("{} on {kind}: the example does no harm ({harm}): {watched:?}", rule.id));
        }
        let watched = Elsewhere::new(kind, &server, &format!("{}-near", rule.id)).await.watch(&rule.near_miss).await;
        if does(harm, &watched) && !found(kind, &rule.near_miss).iter().any(|one| one.id == rule.id) {
            wrong.push(format!("{} on {kind}: the near miss does harm ({harm}): {watched:?}", rule.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The server says itself what it cannot do while others write.
#[tokio::test]
async fn what_mysql_does_not_do_while_others_write_is_found_and_nothing_else() {
    let server = Mariadb::new();
    let cases = [
        ("ALTER TABLE account MODIFY COLUMN age bigint", true),
        ("ALTER TABLE account MODIFY COLUMN age integer", false),
        ("ALTER TABLE account MODIFY COLUMN name varchar(60)", false),
        ("ALTER TABLE account MODIFY COLUMN name varchar(100)", true),
        ("ALTER TABLE account MODIFY COLUMN name varchar(50) CHARACTER SET latin1", true),
        ("ALTER TABLE account ADD COLUMN nickname varchar(50)", false),
        ("ALTER TABLE account ADD COLUMN made datetime DEFAULT now()", false),
        ("ALTER TABLE account ADD COLUMN token char(36) DEFAULT (uuid())", true),
        ("ALTER TABLE account ADD COLUMN number int NOT NULL AUTO_INCREMENT UNIQUE", true),
        ("ALTER TABLE account ADD COLUMN twice int AS (age * 2)", false),
        ("ALTER TABLE account ADD COLUMN twice int AS (age * 2) STORED", true),
        ("ALTER TABLE account ADD COLUMN a int CHECK (a > 0)", false),
        ("ALTER TABLE account ADD COLUMN a bigint REFERENCES payment (id)", true),
        ("ALTER TABLE account ADD CONSTRAINT account_old CHECK (age < 200)", true),
        ("ALTER TABLE payment ADD CONSTRAINT payment_account FOREIGN KEY (account_id) REFERENCES account (id)", true),
        ("SET foreign_key_checks = 0; ALTER TABLE payment ADD CONSTRAINT payment_account FOREIGN KEY (account_id) REFERENCES account (id)", false),
        ("ALTER TABLE account ADD INDEX account_age_idx (age)", false),
        ("ALTER TABLE account ADD UNIQUE INDEX account_name_idx (name)", false),
        ("ALTER TABLE account ADD FULLTEXT INDEX account_name_idx (name)", true),
        ("ALTER TABLE account ADD INDEX account_age_idx (age), ALGORITHM=COPY", true),
        ("ALTER TABLE account ALTER COLUMN age SET DEFAULT 3", false),
        ("ALTER TABLE account DROP CONSTRAINT account_age_check", false),
        ("ALTER TABLE account AUTO_INCREMENT = 100", false),
    ];
    for (number, (sql, locks)) in cases.into_iter().enumerate() {
        let mut database = Elsewhere::new(DatabaseKind::Mysql, &server, &format!("m{number}")).await;
        database.run(GROUND).await.unwrap();
        let refused = database.run(&format!("{sql}, LOCK=NONE")).await.is_err();
        let example = Example { before: "", up: sql, down: Some("SELECT 1;") };
        assert_eq!((refused, found(DatabaseKind::Mysql, &example).is_empty()), (locks, !locks), "{sql}");
    }
}

#[tokio::test]
async fn mysql_lets_nobody_read_what_is_locked() {
    let server = Mariadb::new();
    let mut migrating = Elsewhere::new(DatabaseKind::Mysql, &server, "shop").await;
    migrating.run(GROUND).await.unwrap();
    migrating.run("LOCK TABLES account WRITE").await.unwrap();
    let mut program = MySqlConnection::connect(&server.url("shop")).await.unwrap();
    raw_sql("SET lock_wait_timeout = 0").execute(&mut program).await.unwrap();
    assert!(raw_sql("SELECT * FROM account").execute(&mut program).await.is_err());
    migrating.run("UNLOCK TABLES").await.unwrap();
    raw_sql("SELECT * FROM account").execute(&mut program).await.unwrap();
}

fn found(kind: DatabaseKind, example: &Example) -> Vec<&'static Rule> {
    let findings = lint(kind, &example.migrations(), Existing::Applied(&[1].into()));
    findings.iter().filter_map(|finding| RULES.iter().find(|rule| rule.id == finding.code)).collect()
}
