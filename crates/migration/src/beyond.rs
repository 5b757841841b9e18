//! Migrations that reach beyond their own database: repeated on another one, they would change what nobody wanted changed.

use plimsoll_model::database::DatabaseKind;

use crate::sql::Sql;

/// What belongs to a server and not to one of its databases, and the statements that change such a thing.
const OF_SERVERS: &[&str] = &["DATABASE", "GROUP", "ROLE", "SERVER", "SUBSCRIPTION", "SYSTEM", "TABLESPACE", "USER"];
const CHANGES: &[&str] = &["ALTER", "CREATE", "DROP", "RENAME"];

/// The first statement of `sql` that would change something outside of the database that it is run in: the server, its roles, a file, or, in `MySQL`,
/// one of the `databases` that can be named there. What is hidden in the text of a routine is not seen.
#[must_use]
pub fn beyond<'a>(kind: DatabaseKind, sql: &'a str, databases: &[String]) -> Option<&'a str> {
    let statements = Sql::split(kind, sql).statements;
    let is_beyond = |words: &[&str]| reaches(kind, words) || kind == DatabaseKind::Mysql && names(words, databases);
    statements.into_iter().find(|statement| is_beyond(&statement.words)).map(|statement| statement.text)
}

fn reaches(kind: DatabaseKind, words: &[&str]) -> bool {
    let word = |at: usize| words.get(at).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let (first, second, third) = (word(0), word(1), word(2));
    let is_of_server = CHANGES.contains(&&*first) && OF_SERVERS.contains(&&*second);
    match kind {
        DatabaseKind::Sqlite => first == "ATTACH",
        // A mapping of a user is in its database, and so is the server that it is for.
        DatabaseKind::Postgres => is_of_server && second != "SERVER" && third != "MAPPING",
        DatabaseKind::Mysql => {
            let is_for_all = |word: &&str| ["GLOBAL", "PERSIST", "PERSIST_ONLY"].iter().any(|all| word.eq_ignore_ascii_case(all));
            let sets = first == "SET" && words.iter().any(is_for_all);
            is_of_server || sets || second == "SCHEMA" && CHANGES.contains(&&*first) || ["GRANT", "REVOKE", "USE"].contains(&&*first)
        }
    }
}

/// Whether one of the databases is named, with a dot and what is meant of it.
fn names(words: &[&str], databases: &[String]) -> bool {
    let bare = |word: &str| word.trim_matches(['`', '"']).to_lowercase();
    let is_one = |word: &str| databases.iter().any(|database| database.to_lowercase() == bare(word));
    let is_first = |at: usize| at == 0 || words[at - 1] != ".";
    words.windows(2).enumerate().any(|(at, pair)| pair[1] == "." && is_first(at) && is_one(pair[0]))
}

#[cfg(test)]
mod tests {
    use super::DatabaseKind::{Mysql, Postgres, Sqlite};
    use super::*;

    #[test]
    fn what_reaches_beyond_its_database_is_found() {
        let cases = [
            (Postgres, "CREATE TABLE a (n INT); create role r; SELECT 1", Some("create role r")),
            (Postgres, "ALTER SYSTEM SET x = 1", Some("ALTER SYSTEM SET x = 1")),
            (
                Postgres,
                "CREATE USER MAPPING FOR u SERVER s; CREATE SERVER s; GRANT SELECT ON a TO r; CREATE SCHEMA shop; ALTER TABLE shop.a ADD n INT",
                None,
            ),
            (Postgres, "SELECT 'DROP DATABASE x'; -- DROP DATABASE x", None),
            (Mysql, "UPDATE Shop.notes SET n = 1", Some("UPDATE Shop.notes SET n = 1")),
            (Mysql, "INSERT INTO a SELECT * FROM `shop` . notes", Some("INSERT INTO a SELECT * FROM `shop` . notes")),
            (Mysql, "UPDATE notes SET shop = 1; UPDATE a.shop.b SET n = 1; SELECT 'shop.notes'", None),
            (Mysql, "USE other", Some("USE other")),
            (Mysql, "SET GLOBAL x = 1", Some("SET GLOBAL x = 1")),
            (Mysql, "SET @@global.x = 1", Some("SET @@global.x = 1")),
            (Mysql, "SET SESSION x = 1, PERSIST y = 2", Some("SET SESSION x = 1, PERSIST y = 2")),
            (Mysql, "CREATE SCHEMA x", Some("CREATE SCHEMA x")),
            (Mysql, "SET SESSION x = 1; CREATE TABLE user (id INT)", None),
            (Sqlite, "ATTACH 'x.db' AS x", Some("ATTACH 'x.db' AS x")),
            (Sqlite, "CREATE TABLE attach (n INT)", None),
        ];
        for (kind, sql, expect) in cases {
            assert_eq!(beyond(kind, sql, &["shop".to_owned(), "mysql".to_owned()]), expect, "{kind}: {sql}");
        }
    }
}
