//! The program of before: what it asks of the database, and whether it is answered.

use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, PgConnection, raw_sql};

/// What `PostgreSQL` says of a lock that did not come.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// What the program of before does with a table.
pub struct Use {
    pub table: &'static str,
    pub reads: &'static str,
    pub writes: &'static str,
}

/// All that it does.
pub const USES: &[Use] = &[
    Use {
        table: "account",
        reads: "SELECT id, email, name, age FROM account",
        writes: "INSERT INTO account (id, email, name, age) VALUES (1000000, 'new@shop.example', 'new', 20)",
    },
    Use {
        table: "payment",
        reads: "SELECT id, account_id, amount FROM payment",
        writes: "INSERT INTO payment (id, account_id, amount) VALUES (1000000, 1, 9.99)",
    },
];

/// How one of its statements went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Given,
    /// Somebody has a lock that it waits for.
    Waits,
    Refused(String),
}

/// Tries a statement, and takes it back.
pub async fn attempt(connection: &mut PgConnection, statement: &str) -> Answer {
    raw_sql("BEGIN; SET LOCAL lock_timeout = '10ms'").execute(&mut *connection).await.unwrap();
    let answer = match raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut *connection).await {
        Ok(_) => Answer::Given,
        Err(error) if code(&error).as_deref() == Some(LOCK_NOT_AVAILABLE) => Answer::Waits,
        Err(error) => Answer::Refused(error.to_string()),
    };
    raw_sql("ROLLBACK").execute(connection).await.unwrap();
    answer
}

fn code(error: &sqlx::Error) -> Option<String> {
    let error = error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?;
    Some(error.code().to_owned())
}
