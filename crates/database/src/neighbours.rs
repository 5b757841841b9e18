//! What SQL that is run in one database can reach beside it.

use plimsoll_model::database::DatabaseKind;
use sqlx::{Connection, query_scalar};

use crate::connect;
use crate::fault::DatabaseError;
use crate::place::Place;

/// The server's own, which tell and are not written to.
const DATABASES: &str = "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata
    WHERE schema_name NOT IN ('information_schema', 'performance_schema') ORDER BY 1";

/// The databases that SQL can name: those of a `MySQL` server, the one at `place` among them. Elsewhere a database is a world of its own.
///
/// # Errors
/// When it cannot be asked.
pub async fn neighbours(place: &Place) -> Result<Vec<String>, DatabaseError> {
    if place.kind != DatabaseKind::Mysql {
        return Ok(Vec::new());
    }
    let mut connection = connect::mysql(place).await.map_err(|fault| DatabaseError::at(place, None, fault))?;
    let found = query_scalar(DATABASES).fetch_all(&mut connection).await.map_err(|error| DatabaseError::running(place, &error))?;
    let _ = connection.close().await;
    Ok(found)
}
