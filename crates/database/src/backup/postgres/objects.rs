//! What a `PostgreSQL` database has beside rows, as far as a restore has to see to it: what came since goes first, as what is to be restored may
//! hang on it; schemas and extensions are left where they are and made where they are missing, as they may belong to somebody else.

use std::cmp::Reverse;

use plimsoll_model::backup::Tables;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, query_as, query_scalar, raw_sql};

/// All that has a name in a schema, as `DROP` wants it, but what belongs to an extension or goes with another object.
const OBJECTS: &str = "
    SELECT DISTINCT replace(known.type, 'composite type', 'type'), known.identity FROM (
        SELECT 'pg_class'::regclass AS classid, oid AS objid, relnamespace AS schema FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
        UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
        UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type WHERE typtype IN ('d', 'e', 'r')
        UNION ALL SELECT 'pg_namespace'::regclass, oid, oid FROM pg_namespace
    ) AS object
    JOIN pg_namespace ON pg_namespace.oid = object.schema,
    LATERAL pg_identify_object(object.classid, object.objid, 0) AS known
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND NOT EXISTS (
        SELECT 1 FROM pg_depend WHERE pg_depend.classid = object.classid AND pg_depend.objid = object.objid AND deptype IN ('e', 'i')
    ) ORDER BY 1, 2";

/// As `CREATE EXTENSION` wants them.
const EXTENSIONS: &str =
    "SELECT format('%I SCHEMA %I', extname, nspname) FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace ORDER BY 1";

const SCHEMA: &str = "schema ";
const EXTENSION: &str = "extension ";

/// All of them, each with its kind.
pub(super) async fn of(connection: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    let objects: Vec<(String, String)> = query_as(OBJECTS).fetch_all(&mut *connection).await?;
    let extensions: Vec<String> = query_scalar(EXTENSIONS).fetch_all(connection).await?;
    let objects = objects.into_iter().map(|(kind, name)| format!("{kind} {name}"));
    Ok(objects.chain(extensions.into_iter().map(|extension| format!("{EXTENSION}{extension}"))).collect())
}

/// Drops what is not among `objects`, in one transaction. Extensions stay.
pub(super) async fn drop_others(connection: &mut PgConnection, objects: &[String]) -> sqlx::Result<()> {
    let mut turn = connection.begin().await?;
    let now: Vec<(String, String)> = query_as(OBJECTS).fetch_all(&mut *turn).await?;
    for (kind, name) in now.iter().filter(|(kind, name)| !objects.contains(&format!("{kind} {name}"))) {
        // The catalogue gives names quoted.
        raw_sql(AssertSqlSafe(format!("DROP {kind} IF EXISTS {name} CASCADE"))).execute(&mut *turn).await?;
    }
    turn.commit().await
}

/// Makes the schemas and extensions that are missing. An extension that the login may not make is passed over: most tables need none, and
/// those that do say so.
pub(super) async fn make_ready(connection: &mut PgConnection, objects: &[String]) -> sqlx::Result<()> {
    for schema in objects.iter().filter_map(|object| object.strip_prefix(SCHEMA)) {
        // Asked for by `to_regnamespace`, as even to make what is there already takes the right to make one.
        let is_there: bool = query_scalar("SELECT to_regnamespace($1) IS NOT NULL").bind(schema).fetch_one(&mut *connection).await?;
        if !is_there {
            raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut *connection).await?;
        }
    }
    for extension in objects.iter().filter_map(|object| object.strip_prefix(EXTENSION)) {
        let _ = raw_sql(AssertSqlSafe(format!("CREATE EXTENSION IF NOT EXISTS {extension}"))).execute(&mut *connection).await;
    }
    Ok(())
}

/// The lines of a table of contents without what is left where it is.
pub(super) fn to_restore(contents: &str) -> String {
    let is_left =
        |line: &&str| [" SCHEMA - ", " COMMENT - SCHEMA ", " EXTENSION - ", " COMMENT - EXTENSION "].iter().any(|kind| is_entry(line, kind));
    contents.lines().filter(|line| !is_left(line)).fold(String::new(), |text, line| text + line + "\n")
}

/// The lines in so many parts, none of them empty, which take about as long as each other to load: by the rows of the tables in them. In each the
/// lines stay in their order, as who reads them out of a pipe cannot go back.
pub(super) fn dealt(contents: &str, tables: &Tables, count: usize) -> Vec<String> {
    let lines: Vec<(u64, &str)> = contents.lines().map(|line| (rows(line, tables), line)).collect();
    let mut heaviest_first: Vec<usize> = (0..lines.len()).collect();
    heaviest_first.sort_by_key(|line| Reverse(lines[*line].0));
    let mut parts = vec![(0, Vec::new()); count];
    for line in heaviest_first {
        let Some(lightest) = parts.iter_mut().min_by_key(|(has, _)| *has) else { continue };
        lightest.0 += lines[line].0;
        lightest.1.push(line);
    }
    parts.into_iter().map(|(_, part)| part).filter(|part| !part.is_empty()).map(|part| in_order(&lines, part)).collect()
}

fn in_order(lines: &[(u64, &str)], mut part: Vec<usize>) -> String {
    part.sort_unstable();
    part.into_iter().fold(String::new(), |text, line| text + lines[line].1 + "\n")
}

/// How many rows the table has whose rows the line stands for. One whose name is quoted may not be found, and then counts as empty.
fn rows(line: &str, tables: &Tables) -> u64 {
    let Some((_, of)) = line.split_once(" TABLE DATA ") else { return 0 };
    let mut words = of.split(' ');
    let name = words.next().zip(words.next()).map(|(schema, table)| format!("{schema}.{table}"));
    name.and_then(|name| tables.get(&name)).map_or(0, |sum| sum.rows)
}

/// Whether the line is of this kind: after its three numbers, and not somewhere in a name.
fn is_entry(line: &str, kind: &str) -> bool {
    let Some((_, after)) = line.split_once("; ") else { return false };
    let words = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
    format!(" {words} ").starts_with(kind)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Digest;
    use plimsoll_model::backup::{TableSum, Tables};

    use super::{dealt, to_restore};

    #[test]
    fn rows_are_dealt_out_by_their_number_and_each_line_once() {
        let line = |name: &str| format!("3351; 0 16389 TABLE DATA public {name} app\n");
        let sum = |(name, rows): (&str, u64)| (format!("public.{name}"), TableSum { rows, hash: Digest::ZERO });
        let tables: Tables = [("small", 10), ("big", 100), ("other", 80)].map(sum).into();
        let contents = format!("{}{}3400; 0 0 SEQUENCE SET public big_seq app\n{}", line("small"), line("big"), line("other"));
        let parts = dealt(&contents, &tables, 2);
        assert_eq!(parts, [line("big"), format!("{}3400; 0 0 SEQUENCE SET public big_seq app\n{}", line("small"), line("other"))]);
        assert_eq!(dealt(&line("big"), &tables, 2), [line("big")], "nobody is started for nothing");
        assert_eq!(dealt("", &tables, 2), Vec::<String>::new());
    }

    #[test]
    fn schemas_and_extensions_are_left() {
        let kept = "; Archive created\n3350; 0 0 ACL - SCHEMA public app\n215; 1259 16389 TABLE public EXTENSION - x app\n\
                    3351; 0 16389 TABLE DATA public people app\n";
        let left = "2; 3079 16384 EXTENSION - citext \n3349; 0 0 COMMENT - EXTENSION citext \n6; 2615 16386 SCHEMA - Other app\n\
                    7; 0 0 COMMENT - SCHEMA Other app\n";
        assert_eq!(to_restore(&format!("{kept}{left}")), kept);
    }
}
