//! What the tables of a `MySQL` database have, summed up by the server: each row's values are hashed, and the hashes are added.

use std::collections::BTreeMap;

use plimsoll_model::Digest;
use plimsoll_model::backup::{TableSum, Tables};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, query_as, query_scalar};

/// Tables that hold rows.
pub(super) const TABLES: &str = "SELECT CAST(table_name AS CHAR) FROM information_schema.tables \
                                 WHERE table_schema = DATABASE() AND table_type NOT IN ('VIEW', 'SEQUENCE') ORDER BY 1";

const COLUMNS: &str = "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR) FROM information_schema.columns WHERE table_schema = DATABASE() \
                       ORDER BY 1, 2";

/// Sums up all tables, in the transaction that there may be.
pub(super) async fn of(connection: &mut MySqlConnection) -> sqlx::Result<Tables> {
    let names: Vec<String> = query_scalar(TABLES).fetch_all(&mut *connection).await?;
    let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (table, column) in query_as::<_, (String, String)>(COLUMNS).fetch_all(&mut *connection).await? {
        columns.entry(table).or_default().push(column);
    }
    let mut tables = Tables::new();
    for name in names {
        let sum = statement(&name, columns.get(&name).map(Vec::as_slice).unwrap_or_default());
        let (rows, sum): (i64, String) = query_as(AssertSqlSafe(sum)).fetch_one(&mut *connection).await?;
        tables.insert(name, TableSum { rows: rows.unsigned_abs(), hash: Digest::of(sum.as_bytes()) });
    }
    Ok(tables)
}

/// A name as statements have it.
pub(super) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Each value is summed up by itself, so that neither its length nor its character set matters; then all of a row together. It is CRC-32, as
/// a cryptographic hash takes this kind of server several times as long as the dump.
fn statement(table: &str, columns: &[String]) -> String {
    let values: Vec<String> = columns.iter().map(|column| format!("COALESCE(CRC32({}), '-')", quoted(column))).collect();
    format!("SELECT COUNT(*), CAST(COALESCE(SUM(CRC32(CONCAT_WS(',', {}))), 0) AS CHAR) FROM {}", values.join(", "), quoted(table))
}
