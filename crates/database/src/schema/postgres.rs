//! The parts of a `PostgreSQL` database, as its own functions tell them. What belongs to an extension is none of them, and which
//! version of one there is depends on when the server got it.

use sqlx::postgres::PgConnection;
use sqlx::{query_as, raw_sql};

use super::Part;

/// Names are told with their schemas only when those are not looked into, so none is.
const BARE: &str = "SET search_path = ''";

const PARTS: &str = r"
    WITH spaces AS (
        SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
    ), members AS (
        SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
    ), relations AS (
        SELECT c.oid, c.relkind, c.relpersistence, c.relpartbound, c.relrowsecurity, format('%I.%I', nspname, relname) AS name
        FROM pg_catalog.pg_class c JOIN spaces ON spaces.oid = relnamespace
        WHERE relname <> '_sqlx_migrations' AND relname <> '_sqlx_migrations_pkey'
          AND NOT EXISTS (SELECT 1 FROM members WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)
    )
    SELECT 'table ' || name, concat_ws(' ', CASE relpersistence WHEN 'u' THEN 'unlogged' END, CASE relkind WHEN 'f' THEN 'foreign' END,
            CASE WHEN relrowsecurity THEN 'row security' END, pg_catalog.pg_get_partkeydef(oid), pg_catalog.pg_get_expr(relpartbound, oid))
        FROM relations WHERE relkind IN ('r', 'p', 'f')
    UNION ALL SELECT format('column %s.%I', name, attname), concat_ws(' ', pg_catalog.format_type(atttypid, atttypmod),
            CASE WHEN attnotnull THEN 'not null' END,
            CASE WHEN attgenerated <> '' THEN 'generated ' WHEN atthasdef THEN 'default ' END || pg_catalog.pg_get_expr(adbin, adrelid),
            CASE attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END)
        FROM relations JOIN pg_catalog.pg_attribute ON attrelid = relations.oid AND attnum > 0 AND NOT attisdropped
        LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE relkind IN ('r', 'p', 'f', 'c')
    UNION ALL SELECT 'index ' || name, pg_catalog.pg_get_indexdef(oid) || CASE WHEN indisvalid THEN '' ELSE ' invalid' END
        FROM relations JOIN pg_catalog.pg_index ON indexrelid = oid
    UNION ALL SELECT format('constraint %s.%I', name, conname), pg_catalog.pg_get_constraintdef(con.oid)
        FROM relations JOIN pg_catalog.pg_constraint con ON conrelid = relations.oid
    UNION ALL SELECT 'view ' || name, pg_catalog.pg_get_viewdef(oid) FROM relations WHERE relkind IN ('v', 'm')
    UNION ALL SELECT 'sequence ' || name, concat_ws(' ', pg_catalog.format_type(seqtypid, NULL), 'start', seqstart, 'increment', seqincrement,
            'from', seqmin, 'to', seqmax, CASE WHEN seqcycle THEN 'cycle' END)
        FROM relations JOIN pg_catalog.pg_sequence ON seqrelid = oid
    UNION ALL SELECT format('trigger %s.%I', name, tgname), pg_catalog.pg_get_triggerdef(tg.oid)
        FROM relations JOIN pg_catalog.pg_trigger tg ON tgrelid = relations.oid WHERE NOT tgisinternal
    UNION ALL SELECT format('policy %s.%I', name, polname), concat_ws(' ', polcmd, polpermissive, pg_catalog.pg_get_expr(polqual, polrelid),
            'check ' || pg_catalog.pg_get_expr(polwithcheck, polrelid))
        FROM relations JOIN pg_catalog.pg_policy ON polrelid = relations.oid
    UNION ALL SELECT format('type %I.%I', nspname, typname), CASE typtype
            WHEN 'e' THEN (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_catalog.pg_enum WHERE enumtypid = t.oid)
            WHEN 'd' THEN concat_ws(' ', pg_catalog.format_type(typbasetype, typtypmod), CASE WHEN typnotnull THEN 'not null' END, typdefault,
                (SELECT string_agg(pg_catalog.pg_get_constraintdef(oid), ' ' ORDER BY conname) FROM pg_catalog.pg_constraint WHERE contypid = t.oid))
            ELSE 'range of ' || (SELECT pg_catalog.format_type(rngsubtype, NULL) FROM pg_catalog.pg_range WHERE rngtypid = t.oid) END
        FROM pg_catalog.pg_type t JOIN spaces ON spaces.oid = typnamespace WHERE typtype IN ('d', 'e', 'r')
          AND NOT EXISTS (SELECT 1 FROM members WHERE classid = 'pg_catalog.pg_type'::regclass AND objid = t.oid)
    UNION ALL SELECT format('routine %I.%I(%s)', nspname, proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
            CASE prokind WHEN 'a' THEN 'aggregate' ELSE pg_catalog.pg_get_functiondef(p.oid) END
        FROM pg_catalog.pg_proc p JOIN spaces ON spaces.oid = pronamespace
        WHERE NOT EXISTS (SELECT 1 FROM members WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
    UNION ALL SELECT 'schema ' || quote_ident(nspname), '' FROM spaces WHERE nspname <> 'public'
    UNION ALL SELECT 'extension ' || quote_ident(extname), '' FROM pg_catalog.pg_extension";

/// All of them.
pub(super) async fn parts(connection: &mut PgConnection) -> sqlx::Result<Vec<Part>> {
    raw_sql(BARE).execute(&mut *connection).await?;
    query_as(PARTS).fetch_all(connection).await
}
