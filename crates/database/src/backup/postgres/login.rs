//! How the programs of `PostgreSQL` are told where to log in: by variables, which only root and their own user can see.

use std::str::FromStr;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::fault::{DatabaseError, Fault};
use crate::place::{Place, decoded, file};

/// What of a URL has a variable.
const VARIABLES: &[(&str, &str)] = &[("sslmode", "PGSSLMODE"), ("sslrootcert", "PGSSLROOTCERT"), ("sslcert", "PGSSLCERT"), ("sslkey", "PGSSLKEY")];

/// The variables that lead to the database at `place`, or to another one on its server.
pub(super) fn environment(place: &Place, database: Option<&str>) -> Result<Vec<(&'static str, String)>, DatabaseError> {
    let options = PgConnectOptions::from_str(place.url.expose()).map_err(|_| DatabaseError::at(place, None, Fault::UrlInvalid))?;
    let url = options.to_url_lossy();
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |folder| folder.to_string_lossy().into_owned());
    let database = database.or(options.get_database()).unwrap_or(options.get_username()).to_owned();
    let mut variables = vec![
        ("PGHOST", host),
        ("PGPORT", options.get_port().to_string()),
        ("PGUSER", options.get_username().to_owned()),
        ("PGDATABASE", database),
        ("PGAPPNAME", "plimsoll".to_owned()),
        ("PGCONNECT_TIMEOUT", "10".to_owned()),
    ];
    variables.extend(url.password().map(|password| ("PGPASSWORD", decoded(password))));
    let rest = url.query_pairs().filter_map(|(key, value)| Some((VARIABLES.iter().find(|(name, _)| *name == key)?.1, file(&value))));
    variables.extend(rest);
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Secret;
    use plimsoll_model::database::DatabaseKind;

    use super::*;

    #[test]
    fn a_url_becomes_variables() {
        let url = "postgres://shop:p%40ss%2Fword@db.example:5433/live?sslmode=verify-full&sslrootcert=/etc/ca.pem";
        let place = Place { kind: DatabaseKind::Postgres, url: Secret::new(url.into()) };
        let variables = environment(&place, None).unwrap();
        let shown: Vec<String> = variables.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            shown,
            [
                "PGHOST=db.example",
                "PGPORT=5433",
                "PGUSER=shop",
                "PGDATABASE=live",
                "PGAPPNAME=plimsoll",
                "PGCONNECT_TIMEOUT=10",
                "PGPASSWORD=p@ss/word",
                "PGSSLMODE=verify-full",
                "PGSSLROOTCERT=/etc/ca.pem"
            ]
        );
    }
}
