//! Backups of `MySQL` and `MariaDB`: `mariadb-dump` writes the state of one transaction, and a second transaction of the same state is summed up.
//!
//! Its tables have to be of InnoDB: others are not part of a transaction, and may be written between the two.

mod login;
mod snapshot;
mod sums;

use std::path::Path;

use plimsoll_model::backup::Tables;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection, query_scalar, raw_sql};

use super::Taken;
use super::error::BackupError;
use super::tool::Tool;
use crate::connect;
use crate::fault::DatabaseError;
use crate::migrate::History;
use crate::place::Place;
use crate::scratch::mysql::{REMEDY, Scratch};
use login::Login;
use snapshot::{Still, Watched};

const PACKAGE: &str = "mariadb-client";
const DATA: &str = "data.sql.zst";

/// All that has a name, as `DROP` wants it.
const OBJECTS: &str = "
    SELECT CAST(CONCAT(CASE table_type WHEN 'VIEW' THEN 'VIEW' WHEN 'SEQUENCE' THEN 'SEQUENCE' ELSE 'TABLE' END,
        ' `', REPLACE(table_name, '`', '``'), '`') AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION ALL SELECT CAST(CONCAT(routine_type, ' `', REPLACE(routine_name, '`', '``'), '`') AS CHAR)
        FROM information_schema.routines WHERE routine_schema = DATABASE()
    UNION ALL SELECT CAST(CONCAT('EVENT `', REPLACE(event_name, '`', '``'), '`') AS CHAR)
        FROM information_schema.events WHERE event_schema = DATABASE()
    ORDER BY 1";

/// Writes one state of the database into `folder`.
pub(super) async fn take(place: &Place, folder: &Path) -> Result<Taken, BackupError> {
    let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
    let version = Tool::new("mariadb-dump", PACKAGE, place).version().await?;
    let mut connection = opened(place, None).await?;
    let still = Still::new(place, &mut connection).await?;
    let applied = connection.history().await.map_err(failed)?;
    let objects = query_scalar(OBJECTS).fetch_all(&mut connection).await.map_err(failed)?;
    let args = ["--single-transaction", "--routines", "--events", "--triggers", "--hex-blob", "--quick", "--no-tablespaces"];
    let login = Login::new(place, None)?;
    let tool = Tool::new("mariadb-dump", PACKAGE, place).args(login.arguments()).args(args).args([login.database()]).envs(login.variables());
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let path = folder.join(DATA);
    let dumped = tool.into_file_by(&path, |output| Watched::new(output, begun));
    let summed = async {
        // Whoever does not send has ended.
        let _ = has_begun.await;
        still.over().await;
        sums::of(&mut connection).await.map_err(|error| BackupError::from(failed(error)))
    };
    let (data, tables) = tokio::try_join!(dumped, summed)?;
    let _ = connection.close().await;
    Ok(Taken { data, tables, applied, objects, tools: vec![version] })
}

/// What the tables have when it is restored into a scratch database on the same server.
pub(super) async fn tried(data: &Path, place: &Place) -> Result<Tables, BackupError> {
    let (data, place) = (data.to_owned(), place.clone());
    // A task of its own, so that the scratch database is dropped also when nobody waits any more.
    let tried = tokio::spawn(async move {
        let scratch = Scratch::new(&place).await.map_err(|error| BackupError::scratch(error, REMEDY))?;
        let found = restored(&data, &place, scratch.name()).await;
        scratch.dropped().await?;
        found
    });
    tried.await.expect("it does not panic, and nobody cancels it")
}

async fn restored(data: &Path, place: &Place, scratch: &str) -> Result<Tables, BackupError> {
    fed(data, place, Some(scratch)).await?;
    let mut connection = opened(place, Some(scratch)).await?;
    let tables = sums::of(&mut connection).await.map_err(|error| DatabaseError::running(place, &error))?;
    let _ = connection.close().await;
    Ok(tables)
}

/// Drops what came since, then restores the rest, table by table.
pub(super) async fn put_back(data: &Path, objects: &[String], place: &Place) -> Result<(), BackupError> {
    let mut connection = opened(place, None).await?;
    drop_others(&mut connection, objects).await.map_err(|error| DatabaseError::running(place, &error))?;
    let _ = connection.close().await;
    fed(data, place, None).await
}

async fn drop_others(connection: &mut MySqlConnection, objects: &[String]) -> sqlx::Result<()> {
    let now: Vec<String> = query_scalar(OBJECTS).fetch_all(&mut *connection).await?;
    raw_sql("SET SESSION foreign_key_checks = 0").execute(&mut *connection).await?;
    for object in now.iter().filter(|object| !objects.contains(object)) {
        // The catalogue's names were quoted by `OBJECTS`.
        raw_sql(AssertSqlSafe(format!("DROP {object}"))).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn fed(data: &Path, place: &Place, database: Option<&str>) -> Result<(), BackupError> {
    let login = Login::new(place, database)?;
    let tool = Tool::new("mariadb", PACKAGE, place).args(login.arguments()).args(["--batch"]).args([login.database()]);
    tool.envs(login.variables()).fed_from(data).await
}

async fn opened(place: &Place, database: Option<&str>) -> Result<MySqlConnection, DatabaseError> {
    connect::mysql_in(place, database).await.map_err(|fault| DatabaseError::at(place, None, fault))
}
