//! A folder is read as sqlx reads it, so that its tools and ours agree on what a database has.

#![expect(clippy::disallowed_methods, reason = "what a test writes is gone with it")]

use plimsoll_migration::{load, read};
use plimsoll_model::database::Direction;
use sqlx::migrate::{MigrationType, Migrator};

const FILES: &[(&str, &str)] = &[
    ("0001_first.up.sql", "CREATE TABLE a (b text DEFAULT 'é');\r\n"),
    ("0001_first.down.sql", "DROP TABLE a;"),
    ("20260101000000_add_index.up.sql", "-- no-transaction\nCREATE INDEX CONCURRENTLY c ON a (b);"),
    ("20260101000000_add_index.down.sql", "\u{feff}-- no-transaction\nDROP INDEX c;"),
    ("3_last-but-one.up.sql", "-- no-transaction, as it takes long\nVACUUM;\n"),
];

#[tokio::test]
async fn a_folder_is_read_as_sqlx_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let theirs = Migrator::new(folder.path()).await.unwrap();
    let ours = read("", &load(folder.path()).unwrap()).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let theirs: Vec<_> = theirs
        .iter()
        .map(|one| (one.version, one.description.to_string(), one.migration_type, one.sql.as_str(), hex(&one.checksum), !one.no_tx))
        .collect();
    let ours = ours.iter().flat_map(|pair| {
        let sides = [(Direction::Up, MigrationType::ReversibleUp), (Direction::Down, MigrationType::ReversibleDown)];
        sides.map(|(direction, of)| pair.script(direction).map(|script| (pair, of, script)))
    });
    let ours: Vec<_> = ours
        .flatten()
        .map(|(pair, of, script)| {
            (pair.migration.version, pair.migration.description(), of, script.sql.as_str(), script.checksum().0, script.transactional)
        })
        .collect();
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), FILES.len());
}
