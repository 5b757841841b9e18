//! The rules held against a real `PostgreSQL`: the example of each does the harm that the rule names, and its near miss does not.
//!
//! Nothing here is timed. A migration is run in a transaction that stays open while its locks are read and others try to read and write; what
//! cannot run in one is run beside a writer that it has to wait for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod play;
mod serving;
mod watched;

use play::Play;
use plimsoll_migration::{Example, Existing, Harm, RULES, Rule, lint};
use plimsoll_model::database::DatabaseKind;
use plimsoll_testkit::fixtures::Postgres;
use watched::does;

#[tokio::test]
async fn every_example_does_its_harm_and_no_near_miss_does() {
    let server = Postgres::new();
    let mut wrong = Vec::new();
    for rule in RULES {
        let harmful = Play::of(&server, rule.id, &rule.example).await.watch().await;
        if !does(rule.harm, &harmful) {
            wrong.push(format!("{}: the example does no harm ({}): {harmful:?}", rule.id, rule.harm));
        }
        let harmless = Play::of(&server, &format!("{}-near", rule.id), &rule.near_miss).await.watch().await;
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
    "ALTER TABLE account SET UNLOGGED;",
    "ALTER TABLE payment DROP COLUMN amount;",
    "CREATE TABLE a (id bigint PRIMARY KEY, account_id bigint REFERENCES account (id));",
    "CREATE UNIQUE INDEX i ON account (email);",
    "CREATE VIEW v AS SELECT * FROM account;\nDROP VIEW v;",
    "DROP INDEX account_email_idx;",
    "DROP SCHEMA public CASCADE;",
    "LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE;",
    "REINDEX TABLE account;",
    "UPDATE account SET name = 'x';",
    "UPDATE account SET name = 'x' WHERE id < 0;",
    "-- no-transaction\nREINDEX TABLE CONCURRENTLY account;",
    "-- no-transaction\nDROP INDEX CONCURRENTLY account_email_idx;",
    "-- no-transaction\nCREATE INDEX CONCURRENTLY i ON account (age);\nSELECT 1;",
];

/// What is never said of a migration on which no rule has struck. Locks alone are not: they are short.
const HARMS: &[Harm] = &[Harm::BreaksServing, Harm::Fails, Harm::BlocksWriters, Harm::BlocksReaders, Harm::Rewrites, Harm::LosesRows];

#[tokio::test]
async fn what_is_found_does_harm_and_what_is_not_found_does_none() {
    let server = Postgres::new();
    let mut wrong = Vec::new();
    for (number, form) in FORMS.iter().enumerate() {
        let example = Example { before: "", up: form, down: Some("SELECT 1;") };
        let rules = found(&example);
        let watched = Play::of(&server, &format!("form-{number}"), &example).await.watch().await;
        let harmless = rules.iter().filter(|rule| rule.harm != Harm::CannotBeUndone && !does(rule.harm, &watched));
        wrong.extend(harmless.map(|rule| format!("{form}: {} is found, and there is no harm: {watched:?}", rule.id)));
        let done = HARMS.iter().filter(|harm| rules.is_empty() && does(**harm, &watched));
        wrong.extend(done.map(|harm| format!("{form}: nothing is found, and {harm}: {watched:?}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn found(example: &Example) -> Vec<&'static Rule> {
    let findings = lint(DatabaseKind::Postgres, &example.migrations(), Existing::Applied(&[1].into()));
    findings.iter().map(|finding| RULES.iter().find(|rule| rule.id == finding.code).unwrap()).collect()
}
