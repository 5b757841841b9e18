//! Two transactions that see one state. This kind of database does not let one give its state to another, so nobody may write for the moment in
//! which both begin: that of the sums, and that of the program that writes the dump.

use std::io::{self, Read};

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection, query_scalar, raw_sql};
use tokio::sync::oneshot::Sender;

use super::{opened, sums};
use crate::fault::DatabaseError;
use crate::place::Place;

/// Nobody can write while this is there.
#[must_use]
pub(super) struct Still(MySqlConnection);

impl Still {
    /// Holds all tables, and begins the transaction of the sums on `connection`.
    pub async fn new(place: &Place, connection: &mut MySqlConnection) -> Result<Self, DatabaseError> {
        let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
        let mut holder = opened(place, None).await?;
        let tables: Vec<String> = query_scalar(sums::TABLES).fetch_all(&mut holder).await.map_err(failed)?;
        if !tables.is_empty() {
            let locks: Vec<String> = tables.iter().map(|table| format!("{} READ", sums::quoted(table))).collect();
            raw_sql(AssertSqlSafe(format!("LOCK TABLES {}", locks.join(", ")))).execute(&mut holder).await.map_err(failed)?;
        }
        let begin = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT";
        raw_sql(begin).execute(connection).await.map_err(failed)?;
        Ok(Self(holder))
    }

    /// Lets everybody write again.
    pub async fn over(self) {
        let _ = self.0.close().await;
    }
}

/// What the program writes when its transaction has begun, at the latest.
const BEGUN: &[&[u8]] = &[b"\n-- Table structure ", b"\n-- Temporary table structure ", b"\n-- Sequence structure ", b"\n-- Dumping "];
/// Its words before that are much shorter, in bytes.
const LONGEST_HEAD: usize = 16 << 10;

/// Reads what the program writes, and tells when its transaction has begun.
pub(super) struct Watched<R> {
    output: R,
    head: Vec<u8>,
    begun: Option<Sender<()>>,
}

impl<R: Read> Watched<R> {
    pub fn new(output: R, begun: Sender<()>) -> Self {
        Self { output, head: Vec::new(), begun: Some(begun) }
    }

    fn has_begun(&self) -> bool {
        self.head.len() > LONGEST_HEAD || BEGUN.iter().any(|mark| self.head.windows(mark.len()).any(|part| part == *mark))
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.output.read(into)?;
        if self.begun.is_some() {
            self.head.extend_from_slice(&into[..size]);
            if (size == 0 || self.has_begun())
                && let Some(begun) = self.begun.take()
            {
                // Whoever waited may have given up.
                let _ = begun.send(());
            }
        }
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_is_told_once_it_is_there() {
        for (pieces, expect) in [(&["-- MariaDB\n", "--\n-- Table struc", "ture for table `a`\n"][..], 3), (&["-- MariaDB\n"], 2)] {
            let (begun, mut has_begun) = tokio::sync::oneshot::channel();
            let text = pieces.concat();
            let mut watched = Watched::new(text.as_bytes(), begun);
            let mut told = None;
            for (at, piece) in pieces.iter().chain(&[""]).enumerate() {
                let size = watched.read(&mut vec![0; piece.len().max(1)]).unwrap();
                assert_eq!(size, piece.len());
                told = told.or(has_begun.try_recv().ok().map(|()| at + 1));
            }
            assert_eq!(told, Some(expect));
        }
    }
}
