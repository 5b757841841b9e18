//! How the programs of `MariaDB` are told where to log in. The password is a variable, which only root and their own user can see.

use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use crate::fault::{DatabaseError, Fault};
use crate::place::{Place, decoded, file};

/// What leads to a database.
pub(super) struct Login {
    arguments: Vec<String>,
    database: String,
    password: Option<String>,
}

impl Login {
    /// To the database at `place`, or to another one on its server.
    pub fn new(place: &Place, database: Option<&str>) -> Result<Self, DatabaseError> {
        let invalid = || DatabaseError::at(place, None, Fault::UrlInvalid);
        let options = MySqlConnectOptions::from_str(place.url.expose()).map_err(|_| invalid())?;
        let url = options.to_url_lossy();
        // Files of the system could lead it elsewhere, and a host called localhost to a socket.
        let mut arguments = vec!["--no-defaults".to_owned(), format!("--user={}", options.get_username())];
        match options.get_socket() {
            Some(socket) => arguments.push(format!("--socket={}", socket.display())),
            None => arguments.extend([format!("--host={}", options.get_host()), format!("--port={}", options.get_port()), "--protocol=tcp".into()]),
        }
        arguments.extend(encryption(options.get_ssl_mode()).iter().map(|word| (*word).to_owned()));
        arguments.extend(url.query_pairs().find(|(key, _)| key == "ssl-ca").map(|(_, value)| format!("--ssl-ca={}", file(&value))));
        let database = database.or(options.get_database()).ok_or_else(invalid)?.to_owned();
        Ok(Self { arguments, database, password: url.password().map(decoded) })
    }

    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The name of the database, an argument as well.
    pub fn database(&self) -> &str {
        &self.database
    }

    pub fn variables(&self) -> Option<(&'static str, String)> {
        self.password.clone().map(|password| ("MYSQL_PWD", password))
    }
}

fn encryption(mode: MySqlSslMode) -> &'static [&'static str] {
    match mode {
        MySqlSslMode::Disabled => &["--skip-ssl"],
        MySqlSslMode::Preferred => &["--skip-ssl-verify-server-cert"],
        MySqlSslMode::Required => &["--ssl", "--skip-ssl-verify-server-cert"],
        MySqlSslMode::VerifyCa | MySqlSslMode::VerifyIdentity => &["--ssl", "--ssl-verify-server-cert"],
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Secret;
    use plimsoll_model::database::DatabaseKind;

    use super::*;

    #[test]
    fn a_url_becomes_arguments_without_the_password() {
        let cases = [
            (
                "mysql://shop:p%40ss@db.example:3307/live?ssl-mode=DISABLED",
                "--no-defaults --user=shop --host=db.example --port=3307 --protocol=tcp --skip-ssl",
            ),
            (
                "mysql://shop:p%40ss@x/live?socket=/run/my&ssl-mode=VERIFY_CA&ssl-ca=/etc/ca.pem",
                "--no-defaults --user=shop --socket=/run/my --ssl --ssl-verify-server-cert --ssl-ca=/etc/ca.pem",
            ),
        ];
        for (url, expect) in cases {
            let login = Login::new(&Place { kind: DatabaseKind::Mysql, url: Secret::new(url.into()) }, None).unwrap();
            assert_eq!(login.arguments().join(" "), expect);
            assert_eq!((login.database(), login.variables()), ("live", Some(("MYSQL_PWD", "p@ss".to_owned()))));
        }
    }
}
