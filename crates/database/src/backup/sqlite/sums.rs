//! What the tables of a SQLite file have, summed up: each row is hashed as the text of its values, and the hashes are added.

use futures_util::TryStreamExt;
use plimsoll_model::Digest;
use plimsoll_model::backup::{TableSum, Tables};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, query_as, query_scalar};

/// Tables that hold rows: not those of SQLite itself, and of virtual ones the tables that they are made of.
const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND rootpage > 0 ORDER BY name";

/// Each column as `NULL`, a number, a quoted text or hexadecimal digits: no two different rows give one text.
const COLUMNS: &str = r#"SELECT group_concat('quote("' || replace(name, '"', '""') || '")', '||'',''||') FROM pragma_table_info(?)"#;

/// Sums up all tables.
pub(super) async fn of(connection: &mut SqliteConnection) -> sqlx::Result<Tables> {
    let names: Vec<String> = query_scalar(TABLES).fetch_all(&mut *connection).await?;
    let mut tables = Tables::new();
    for name in names {
        let columns: String = query_scalar(COLUMNS).bind(&name).fetch_one(&mut *connection).await?;
        let rows = format!("SELECT {columns} FROM \"{}\"", name.replace('"', "\"\""));
        let sum = sum(connection, rows).await?;
        tables.insert(name, sum);
    }
    Ok(tables)
}

/// Whether SQLite finds the file whole.
pub(super) async fn intact(connection: &mut SqliteConnection) -> Result<(), String> {
    let said: Result<Vec<(String,)>, _> = query_as("PRAGMA integrity_check").fetch_all(connection).await;
    match said {
        Ok(said) if said.iter().all(|(line,)| line == "ok") => Ok(()),
        Ok(said) => Err(said.into_iter().map(|(line,)| line).take(3).collect::<Vec<_>>().join("; ")),
        Err(error) => Err(error.to_string()),
    }
}

async fn sum(connection: &mut SqliteConnection, rows: String) -> sqlx::Result<TableSum> {
    let (mut count, mut sum) = (0, 0_u128);
    let mut rows = query_scalar::<_, String>(AssertSqlSafe(rows)).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let hash = blake3::hash(row.as_bytes());
        let (half, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
        count += 1;
        sum = sum.wrapping_add(u128::from_le_bytes(*half));
    }
    Ok(TableSum { rows: count, hash: Digest::of(&sum.to_le_bytes()) })
}
