//! What the tables of a `PostgreSQL` database have, summed up by the server: each row's text is hashed, and the hashes are added.

use plimsoll_model::Digest;
use plimsoll_model::backup::{TableSum, Tables};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, query_as, raw_sql};

/// All that the text of a value depends on. Policies that hide rows make it fail, as they would the dump.
const SETTINGS: &str = "SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1; \
                        SET bytea_output = 'hex'; SET row_security = off; SET search_path = ''; SET statement_timeout = 0";

/// Tables that hold rows, without those of extensions. Columns by their names, as a restored table may have them in another order.
const TABLES: &str = "
    SELECT format('%I.%I', nspname, relname), coalesce(string_agg(format('%I', attname), ', ' ORDER BY attname), '')
    FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    LEFT JOIN pg_catalog.pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    WHERE relkind = 'r' AND relpersistence <> 't' AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND NOT EXISTS (
        SELECT 1 FROM pg_catalog.pg_depend WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
    ) GROUP BY nspname, relname ORDER BY 1";

/// Sums up all tables, in the transaction that there may be.
pub(super) async fn of(connection: &mut PgConnection) -> sqlx::Result<Tables> {
    raw_sql(SETTINGS).execute(&mut *connection).await?;
    let names: Vec<(String, String)> = query_as(TABLES).fetch_all(&mut *connection).await?;
    let mut tables = Tables::new();
    for (name, columns) in names {
        let sum = format!("SELECT count(*), coalesce(sum(hashtextextended(ROW({columns})::text, 0)), 0)::text FROM ONLY {name}");
        let (rows, sum): (i64, String) = query_as(AssertSqlSafe(sum)).fetch_one(&mut *connection).await?;
        tables.insert(name, TableSum { rows: rows.unsigned_abs(), hash: Digest::of(sum.as_bytes()) });
    }
    Ok(tables)
}
