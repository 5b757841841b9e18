//! Schemas as values: what a migration does is told part by part, and what undoes it leaves no change.

use plimsoll_database::{Place, back_up, down, restore, schema, up};
use plimsoll_model::database::Schema;
use plimsoll_model::time::Moment;

use super::stage::{Stage, fill, script};

const MORE: &str = "ALTER TABLE twice ADD c INTEGER DEFAULT 7; CREATE TABLE more (n INTEGER NOT NULL, CHECK (n > 0)); CREATE INDEX by_n ON more (n); \
                    CREATE VIEW counted AS SELECT count(*) AS n FROM more";
const LESS: &str = "DROP VIEW counted; DROP TABLE more; ALTER TABLE twice DROP COLUMN c";

/// The names of the parts that a change speaks of, without the schema of `PostgreSQL`, and what a server has named itself.
async fn changes(place: &Place, before: &Schema) -> Vec<String> {
    let told = before.changes(&schema(place).await.unwrap()).into_iter().map(|change| change.to_string().replace("public.", ""));
    told.filter(|told| !told.starts_with("check ") && !told.starts_with("constraint ")).collect()
}

#[tokio::test]
async fn what_a_migration_changes_is_told_and_undone() {
    for stage in Stage::all() {
        let place = stage.place("shop");
        fill(&stage, &place).await;
        let before = schema(&place).await.unwrap();
        assert!(!before.parts.keys().any(|part| part.contains("_sqlx_migrations")), "{:?}", before.parts);
        up(&place, &script(2, MORE)).await.unwrap();
        let index = if matches!(stage, Stage::Mysql(_)) { "index more.by_n" } else { "index by_n" };
        let mut expect = ["column more.n", "column twice.c", index, "table more", "view counted"].map(|part| format!("{part} has come")).to_vec();
        expect.sort();
        assert_eq!(changes(&place, &before).await, expect, "{place}");
        let more = schema(&place).await.unwrap();
        assert_ne!(before.changes(&more).len(), expect.len(), "the check is a part too");
        down(&place, 2, LESS, true).await.unwrap();
        assert_eq!(schema(&place).await.unwrap(), before);
        up(&place, &script(2, "ALTER TABLE twice ADD c TEXT")).await.unwrap();
        let told = more.changes(&schema(&place).await.unwrap()).iter().map(ToString::to_string).find(|told| told.contains("twice.c"));
        assert!(told.unwrap().contains("instead of"), "a column of another type is another");
    }
}

#[tokio::test]
async fn a_restored_database_has_the_same_schema() {
    for stage in Stage::all() {
        let (place, other, folder) = (stage.place("shop"), stage.place("other"), tempfile::tempdir().unwrap());
        assert_eq!(schema(&other).await.unwrap().parts.keys().filter(|part| part.starts_with("table")).count(), 0);
        fill(&stage, &place).await;
        back_up(&place, &folder.path().join("b"), Moment(0), None).await.unwrap();
        restore(&folder.path().join("b"), &other).await.unwrap();
        let (here, there) = (schema(&place).await.unwrap(), schema(&other).await.unwrap());
        assert_eq!(here.changes(&there), [], "{place}");
    }
}
