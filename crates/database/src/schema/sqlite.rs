//! The parts of a SQLite database, out of its own tables and functions.
//!
//! Columns, keys and indexes are asked for one by one, as the text of a table depends on how it came to be. Only what nothing else tells is
//! taken from that text: checks.

use sqlx::sqlite::SqliteConnection;
use sqlx::{query_as, query_scalar};

use super::Part;

const TABLES: &str =
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> '_sqlx_migrations'";

const QUERIES: &[&str] = &[
    r#"SELECT 'column ' || t.name || '.' || c.name, trim(c.type || iif(c."notnull", ' not null', '') || iif(c.dflt_value IS NULL, '', ' default ' || c.dflt_value)
           || iif(c.pk, ' primary key ' || c.pk, '') || CASE c.hidden WHEN 2 THEN ' generated' WHEN 3 THEN ' generated stored' ELSE '' END)
       FROM sqlite_master t, pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'"#,
    r#"SELECT 'foreign key ' || t.name || ' (' || group_concat(f."from", ', ') || ')', f."table" || ' (' || group_concat(coalesce(f."to", ''), ', ')
           || ') on update ' || f.on_update || ' on delete ' || f.on_delete
       FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table' GROUP BY t.name, f.id"#,
    r#"SELECT 'unique ' || t.name || ' (' || (SELECT group_concat(name, ', ') FROM pragma_index_info(i.name)) || ')', ''
       FROM sqlite_master t, pragma_index_list(t.name) i WHERE t.type = 'table' AND i.origin = 'u'"#,
];

const TEXTS: &str = "SELECT type || ' ' || name, sql FROM sqlite_master WHERE type IN ('index', 'view', 'trigger') AND sql IS NOT NULL";

/// All of them.
pub(super) async fn parts(connection: &mut SqliteConnection) -> sqlx::Result<Vec<Part>> {
    let mut parts = Vec::new();
    for (name, sql) in query_as::<_, (String, String)>(TABLES).fetch_all(&mut *connection).await? {
        parts.push((format!("table {name}"), kind_of(&sql)));
        parts.extend(checks(&sql).into_iter().map(|check| (format!("check {name} {check}"), String::new())));
    }
    for query in QUERIES {
        let rows: Vec<Part> = query_as(*query).fetch_all(&mut *connection).await?;
        parts.extend(rows.into_iter().filter(|(part, _)| !part.contains(" _sqlx_migrations")));
    }
    let texts: Vec<Part> = query_as(TEXTS).fetch_all(&mut *connection).await?;
    parts.extend(texts.into_iter().map(|(part, sql)| (part, words(&sql))));
    let version: i64 = query_scalar("PRAGMA user_version").fetch_one(connection).await?;
    parts.push(("user version".into(), version.to_string()));
    Ok(parts)
}

/// What a table is beside an ordinary one.
fn kind_of(sql: &str) -> String {
    let text = words(sql);
    let upper = text.to_uppercase();
    if upper.starts_with("CREATE VIRTUAL") {
        return text;
    }
    let tail = upper.rsplit(')').next().unwrap_or_default();
    ["WITHOUT ROWID", "STRICT"].into_iter().filter(|word| tail.contains(word)).collect::<Vec<_>>().join(" ")
}

/// Each `CHECK (…)` of the text of a table.
fn checks(sql: &str) -> Vec<String> {
    let text = words(sql);
    let upper = text.to_ascii_uppercase();
    let starts = upper.match_indices("CHECK").map(|(at, word)| (at, at + word.len()));
    let is_word = |at: usize| !text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    starts.filter(|(at, _)| is_word(*at)).filter_map(|(_, after)| in_brackets(text[after..].trim_start())).map(str::to_owned).collect()
}

/// The text from its first bracket to the one that closes it; brackets in quotes do not count.
fn in_brackets(text: &str) -> Option<&str> {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.checked_sub(1)?,
            (None, _) => {}
        }
        if depth == 0 {
            return (c == ')').then(|| &text[..=at]);
        }
    }
    None
}

/// The text with one space between words, as it would be written on one line.
fn words(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_found_in_the_text_of_a_table() {
        let sql = "CREATE TABLE a (n INT CHECK(n > (1)), t TEXT check\n (t <> ')' AND recheck(t)), checked INT, c INT DEFAULT 'CHECK')";
        assert_eq!(checks(sql), ["(n > (1))", "(t <> ')' AND recheck(t))"]);
    }

    #[test]
    fn a_table_says_what_it_is() {
        for (sql, expect) in [
            ("CREATE TABLE a (n INT)", ""),
            ("CREATE TABLE a (strict INT PRIMARY KEY) without\n rowid, STRICT", "WITHOUT ROWID STRICT"),
            ("CREATE VIRTUAL TABLE a\n USING fts5(t)", "CREATE VIRTUAL TABLE a USING fts5(t)"),
        ] {
            assert_eq!(kind_of(sql), expect);
        }
    }
}
