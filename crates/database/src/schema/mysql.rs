//! The parts of a `MySQL` or `MariaDB` database, out of its `information_schema`.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, query_as, raw_sql};

use super::Part;

/// The name of a part and what it is; the longest list of columns is longer than servers let it be by themselves.
const LONG: &str = "SET SESSION group_concat_max_len = 1000000";

/// What tells parts, each for itself: one that a server does not know would otherwise take the others with it.
const QUERIES: &[&str] = &[
    "SELECT CONCAT('table ', table_name), CONCAT_WS(' ', engine, table_collation, NULLIF(create_options, '')) FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_type NOT IN ('VIEW', 'SEQUENCE') AND table_name <> '_sqlx_migrations'",
    "SELECT CONCAT('sequence ', table_name), '' FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'SEQUENCE'",
    "SELECT CONCAT('column ', c.table_name, '.', column_name), CONCAT_WS(' ', column_type, collation_name, IF(is_nullable = 'NO', 'not null', NULL),
        CONCAT('default ', column_default), NULLIF(extra, ''), NULLIF(generation_expression, ''))
     FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
     WHERE c.table_schema = DATABASE() AND table_type NOT IN ('VIEW', 'SEQUENCE') AND c.table_name <> '_sqlx_migrations'",
    "SELECT CONCAT('index ', table_name, '.', index_name), CONCAT(IF(MAX(non_unique) = 0, 'unique ', ''), MAX(index_type), ' (',
        GROUP_CONCAT(column_name, IF(sub_part IS NULL, '', CONCAT(':', sub_part)), ' ', COALESCE(collation, '') ORDER BY seq_in_index), ')')
     FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name <> '_sqlx_migrations' GROUP BY table_name, index_name",
    "SELECT CONCAT('foreign key ', k.table_name, '.', k.constraint_name), CONCAT('(', GROUP_CONCAT(k.column_name ORDER BY k.ordinal_position), ') to ',
        MAX(k.referenced_table_name), ' (', GROUP_CONCAT(k.referenced_column_name ORDER BY k.ordinal_position), ') on update ', MAX(r.update_rule),
        ' on delete ', MAX(r.delete_rule))
     FROM information_schema.key_column_usage k JOIN information_schema.referential_constraints r
       ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
     WHERE k.table_schema = DATABASE() GROUP BY k.table_name, k.constraint_name",
    "SELECT CONCAT('check ', t.table_name, '.', t.constraint_name), c.check_clause
     FROM information_schema.table_constraints t JOIN information_schema.check_constraints c
       ON c.constraint_schema = t.constraint_schema AND c.constraint_name = t.constraint_name SAME_TABLE
     WHERE t.constraint_type = 'CHECK' AND t.table_schema = DATABASE()",
    "SELECT CONCAT('view ', table_name), REPLACE(view_definition, CONCAT('`', DATABASE(), '`.'), '') FROM information_schema.views WHERE table_schema = DATABASE()",
    "SELECT CONCAT('trigger ', trigger_name), CONCAT_WS(' ', action_timing, event_manipulation, 'on', event_object_table, action_statement)
     FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
    "SELECT CONCAT(LOWER(r.routine_type), ' ', r.routine_name), CONCAT('(', COALESCE((SELECT GROUP_CONCAT(p.parameter_mode, ' ', p.parameter_name, ' ',
        p.dtd_identifier ORDER BY p.ordinal_position) FROM information_schema.parameters p WHERE p.specific_schema = r.routine_schema
        AND p.specific_name = r.specific_name AND p.ordinal_position > 0), ''), ') ', COALESCE(r.dtd_identifier, ''), ' ', COALESCE(r.routine_definition, ''))
     FROM information_schema.routines r WHERE r.routine_schema = DATABASE()",
    "SELECT CONCAT('event ', event_name), CONCAT_WS(' ', event_type, execute_at, interval_value, interval_field, event_definition)
     FROM information_schema.events WHERE event_schema = DATABASE()",
];

/// In `MariaDB`, a check's name is only one within its table; `MySQL` does not tell the table there.
const SAME_TABLE: &str = "AND c.table_name = t.table_name";

/// All of them.
pub(super) async fn parts(connection: &mut MySqlConnection) -> sqlx::Result<Vec<Part>> {
    raw_sql(LONG).execute(&mut *connection).await?;
    let (version,): (String,) = query_as("SELECT VERSION()").fetch_one(&mut *connection).await?;
    let same_table = if version.contains("MariaDB") { SAME_TABLE } else { "" };
    let mut parts = Vec::new();
    for query in QUERIES {
        // What the catalogue gives as bytes is text all the same.
        let query = query.replace("SAME_TABLE", same_table);
        let rows: Vec<(String, Option<String>)> = query_as(AssertSqlSafe(cast(&query))).fetch_all(&mut *connection).await?;
        parts.extend(rows.into_iter().map(|(part, is)| (part, is.unwrap_or_default())));
    }
    Ok(parts)
}

fn cast(query: &str) -> String {
    format!("WITH told (part, is_so) AS ({query}) SELECT CAST(part AS CHAR), CAST(is_so AS CHAR) FROM told")
}
