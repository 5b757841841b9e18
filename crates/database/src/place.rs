//! Where a database is, and what may be said of that.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use plimsoll_model::Secret;
use plimsoll_model::database::DatabaseKind;
use plimsoll_model::secret::Redactor;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

/// Where a database is. Shown, it is named without user and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What it is.
    pub kind: DatabaseKind,
    /// Its URL: `sqlite:///folder/file.db`, `postgres://user:password@host/name`, `mysql://user:password@host/name`.
    pub url: Secret<String>,
}

impl Place {
    /// The file of a SQLite database; nothing for others, and where the URL cannot be read.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        let options = (self.kind == DatabaseKind::Sqlite).then(|| SqliteConnectOptions::from_str(self.url.expose()).ok())??;
        Some(options.get_filename().to_owned())
    }

    /// The place of a SQLite file, whatever its name.
    pub(crate) fn of_file(file: &Path) -> Self {
        let escaped = file.to_string_lossy().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
        Self { kind: DatabaseKind::Sqlite, url: Secret::new(format!("sqlite://{escaped}")) }
    }

    /// Another database on the same server, reached by the same login; nothing for a file, and where the URL cannot be read.
    pub(crate) fn beside(&self, database: &str) -> Option<Self> {
        let (scheme, rest) = self.url.expose().split_once("://")?;
        let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
        let server = base.split('/').next().unwrap_or_default();
        // It would win over the path.
        let query: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("dbname=")).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        let beside = Self { kind: self.kind, url: Secret::new(format!("{scheme}://{server}/{database}{query}")) };
        beside.named().is_some_and(|(name, server)| name == database && self.named().is_some_and(|(_, same)| same == server)).then_some(beside)
    }

    /// What a server said, without the URL and the password in it, and without what could play tricks on a terminal.
    pub(crate) fn clean(&self, said: &str) -> String {
        let url = self.url.expose();
        let secrets = [Some(url.clone()), password(url).map(str::to_owned), password(url).map(decoded)];
        let secrets: Vec<Secret<String>> = secrets.into_iter().flatten().map(Secret::new).collect();
        Redactor::new(&secrets).redact(said).chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
    }

    /// The name of the database and the server that has it.
    fn named(&self) -> Option<(String, String)> {
        let url = self.url.expose();
        match self.kind {
            DatabaseKind::Sqlite => None,
            DatabaseKind::Postgres => {
                let options = PgConnectOptions::from_str(url).ok()?;
                let socket = options.get_socket().map(|path| path.display().to_string());
                let server = socket.unwrap_or_else(|| format!("{}:{}", options.get_host(), options.get_port()));
                Some((options.get_database().unwrap_or_else(|| options.get_username()).to_owned(), server))
            }
            DatabaseKind::Mysql => {
                let options = MySqlConnectOptions::from_str(url).ok()?;
                let socket = options.get_socket().map(|path| path.display().to_string());
                let server = socket.unwrap_or_else(|| format!("{}:{}", options.get_host(), options.get_port()));
                Some((options.get_database().unwrap_or_default().to_owned(), server))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.file(), self.named()) {
            (Some(file), _) => write!(f, "the {} database {}", self.kind, file.display()),
            (None, Some((name, server))) => write!(f, "the {} database {name} on {server}", self.kind),
            (None, None) => write!(f, "the {} database", self.kind),
        }
    }
}

/// Longest part of what a server said that is repeated, in characters.
const LONGEST: usize = 600;

/// The password as it stands in the URL.
fn password(url: &str) -> Option<&str> {
    let (before, _) = url.split_once("://")?.1.rsplit_once('@')?;
    before.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

/// `text` with `%41` as `A`.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        let escaped = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What a URL that sqlx has written anew says for a file; anything else is as it is.
pub(crate) fn file(value: &str) -> String {
    value.strip_prefix("file: ").unwrap_or(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_without_its_password() {
        let cases = [
            (DatabaseKind::Sqlite, "sqlite:///srv/shop/data%20base.db", "the SQLite database /srv/shop/data base.db"),
            (DatabaseKind::Postgres, "postgres://shop:hunter22@db.example/shop", "the PostgreSQL database shop on db.example:5432"),
            (DatabaseKind::Postgres, "postgres://shop:hunter22@%2Frun%2Fpg/live", "the PostgreSQL database live on /run/pg"),
            (DatabaseKind::Mysql, "mysql://shop:hunter22@10.0.0.7:3307/shop", "the MySQL database shop on 10.0.0.7:3307"),
            (DatabaseKind::Postgres, "hunter22", "the PostgreSQL database"),
        ];
        for (kind, url, expect) in cases {
            assert_eq!(Place { kind, url: Secret::new(url.into()) }.to_string(), expect);
        }
    }

    #[test]
    fn another_database_on_the_same_server_is_reached_as_this_one() {
        let cases = [
            ("postgres://shop:p%2Fw@db.example/shop", Some("postgres://shop:p%2Fw@db.example/other")),
            ("postgres://shop@%2Frun%2Fpg", Some("postgres://shop@%2Frun%2Fpg/other")),
            ("postgres:///shop?host=/run/pg&dbname=live&port=7", Some("postgres:///other?host=/run/pg&port=7")),
            ("shop", None),
        ];
        for (url, expect) in cases {
            let place = Place { kind: DatabaseKind::Postgres, url: Secret::new(url.into()) };
            assert_eq!(place.beside("other").map(|beside| beside.url.expose().clone()).as_deref(), expect);
        }
        assert_eq!(Place::of_file(Path::new("/srv/shop.db")).beside("other"), None);
    }

    #[test]
    fn no_form_of_the_password_is_repeated() {
        let place = Place { kind: DatabaseKind::Postgres, url: Secret::new("postgres://shop:p%40ss%2Fword@db.example/shop".into()) };
        let said = "no entry for p@ss/word, p%40ss%2Fword or postgres://shop:p%40ss%2Fword@db.example/shop\u{1b}";
        assert_eq!(place.clean(said), "no entry for ***, *** or *** ");
    }

    #[test]
    fn text_is_decoded() {
        for (text, expect) in [("a%41%zz%4", "aA%zz%4"), ("%C3%A9", "é"), ("", "")] {
            assert_eq!(decoded(text), expect);
        }
    }
}
