//! The guestbook in a home whose processes have crash points, while people write into it: nothing that was acknowledged is lost, and schema and
//! program fit each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plimsoll_testkit::fixtures::{Guestbook, Home, Postgres, Ran, Seen, Writers};
use serde_json::Value;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, query_scalar};
use tempfile::TempDir;

use crate::attempt::{self, LEASE, Outcome};
use crate::crew::{Crew, Role};
use crate::gate::Gate;
use crate::program;
use crate::rest;
use crate::scene::slot_in;
use crate::stage::{Server, Stage};
use crate::toll::Toll;
use crate::victim::Victim;

/// Between two requests of one of those who write.
const PAUSE: Duration = Duration::from_millis(40);

/// Of the points that have nothing to do with the database, an ordinary run comes to one in so many.
const APART: usize = 8;

/// A home, the guestbook deployed there, and who watches its processes.
pub struct Book {
    gate: Gate,
    home: Home,
    book: Guestbook,
    server: Option<Server>,
    /// The number of the version that was deployed last.
    number: u32,
    /// All that was ever acknowledged.
    seen: Seen,
    /// Holds the binary.
    _folder: TempDir,
}

/// A deployment about to begin, while people write.
pub struct Attempt {
    writers: Writers,
    last: String,
}

impl Book {
    /// On SQLite, or on a `PostgreSQL` of its own, with its first version deployed.
    pub fn new(on_postgres: bool) -> Self {
        let (folder, binary) = program::apart();
        let gate = Gate::of(folder.path());
        let server = on_postgres.then(Postgres::new);
        let url = server.as_ref().map(|server| server.url("postgres"));
        let book = Guestbook::new(url.as_deref(), "keep_releases = 2\nrequires = { backup = true }");
        let server = server.map(Server::of);
        let book = Self { gate, home: Home::of(&binary), book, server, number: 1, seen: Seen::default(), _folder: folder };
        let _ = book.run("deploy").ended(0);
        book
    }

    fn run(&self, command: &str) -> Ran {
        self.home.json(self.book.folder(), [command, "local"])
    }

    fn environment(&self) -> PathBuf {
        self.home.path().join("environments/guestbook/local")
    }

    /// The newest deployment on record, and how it ended.
    #[track_caller]
    fn last(&self) -> (String, String) {
        let last = self.run("history").ended(0).detail("/deployments/0");
        let text = |name: &str| last[name].as_str().expect("a record has a name and an outcome").to_owned();
        (text("id"), text("outcome"))
    }

    /// Waits until `version` serves, with the schema that it was made for.
    fn awaited(&self, version: u32, of: &str) {
        let begun = Instant::now();
        while let Err(why) = self.judge(version) {
            assert!(begun.elapsed() < rest::PATIENCE, "{of}: {why}");
            // What is waited for are other processes: they tell nobody.
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn judge(&self, version: u32) -> Result<(), String> {
        let status = self.run("status").detail("");
        let slots: Vec<&Value> =
            status["components"].as_array().into_iter().flatten().filter_map(|known| known["slots"].as_array()).flatten().collect();
        if !status["open"].is_null() || status["healthy"] != true || slots.len() != 1 {
            return Err(format!("not well: {status}"));
        }
        let fit = (self.book.serving(), self.columns(), self.applied());
        let later = version > 1;
        let expect = (u64::from(version), later, if later { vec![1, 2] } else { vec![1] });
        if fit != expect {
            return Err(format!("{fit:?} serves, whether its column is there, and its migrations, instead of {expect:?}"));
        }
        let clients = Crew::of(&self.home).members().into_iter().filter(|member| member.role == Role::Client || member.role == Role::Stray);
        let clients: Vec<_> = clients.collect();
        if clients.is_empty() { Ok(()) } else { Err(format!("left over: {clients:?}")) }
    }

    /// Whether there is the column that all versions but the first need.
    fn columns(&self) -> bool {
        let asked = match self.server {
            Some(_) => "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'entries'",
            None => "SELECT name FROM pragma_table_info('entries')",
        };
        let columns: BTreeSet<String> = self.ask(asked).into_iter().collect();
        assert!(columns.contains("message"), "{columns:?}");
        columns.contains("author")
    }

    fn applied(&self) -> Vec<i64> {
        self.ask("SELECT CAST(version AS TEXT) FROM _sqlx_migrations WHERE success ORDER BY 1").iter().map(|n| n.parse().expect("a number")).collect()
    }

    /// What the database answers behind the program's back.
    fn ask(&self, sql: &'static str) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread can wait");
        runtime.block_on(async {
            if let Some(server) = &self.server {
                let url = server.locked().url("postgres");
                let mut connection = PgConnection::connect(&url).await.expect("the server answers");
                return query_scalar(sql).fetch_all(&mut connection).await.expect("it is a query");
            }
            let file = self.environment().join("shared/web/data/guestbook.db");
            let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.expect("the file is there");
            query_scalar(sql).fetch_all(&mut connection).await.expect("it is a query")
        })
    }

    /// Nothing that was acknowledged is lost, and nothing failed unless it was excused.
    fn judge_seen(&mut self, seen: Seen, excused: bool, of: &str) -> (u64, u64) {
        assert!(excused || seen.failed.is_empty(), "{of}: {} of {} requests failed: {:?}", seen.failed.len(), seen.sent, seen.failed.first());
        let counts = (seen.sent, seen.failed.len() as u64);
        self.seen.acknowledged.extend(seen.acknowledged);
        let lost = self.seen.lost(&self.book);
        assert!(lost.is_empty(), "{of}: of {} that were acknowledged {} are lost: {:?}", self.seen.acknowledged.len(), lost.len(), lost.first());
        counts
    }
}

impl Stage for Book {
    type Attempt = Attempt;

    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn home(&self) -> &Home {
        &self.home
    }

    fn slot(&self) -> String {
        slot_in(&self.environment())
    }

    fn folder(&self) -> &Path {
        self.book.folder()
    }

    fn victims(&self) -> &'static [Victim] {
        &Victim::OF_DATA
    }

    /// All that has to do with the database or the decision, and a few of the others, which the shop comes to as well.
    fn is_walked(point: &str, number: usize) -> bool {
        let near = ["client: ", " main ", "migration", "backup", "decided", "rolling back", "closed"];
        number.is_multiple_of(APART) || near.iter().any(|word| point.contains(word))
    }

    fn server(&self) -> Option<Server> {
        self.server.clone()
    }

    fn begin(&mut self) -> Attempt {
        self.number += 1;
        self.book.version(self.number);
        self.book.lease(&format!("{}ms", LEASE.as_millis()));
        let writers = Writers::to(&self.book, PAUSE);
        writers.flow();
        Attempt { writers, last: self.last().0 }
    }

    fn finish(&mut self, attempt: Attempt, ended: Option<&Ran>, tolls: &[Toll], of: &str) -> Outcome {
        let begun = Instant::now();
        let (id, outcome) = self.last();
        let outcome = if id == attempt.last { "none" } else { outcome.as_str() };
        let excused = tolls.iter().any(|toll| toll.victim == Victim::Server);
        // What cannot be undone as there is no server is told as open, and a person is asked to resume when the server is back.
        attempt::judge_report(ended.filter(|ended| !(excused && ended.code == Some(6))), outcome, of);
        let is_live = outcome == "committed";
        self.awaited(if is_live { self.number } else { 1 }, of);
        let rest = tolls.last().map_or(begun, |toll| toll.ended).elapsed();
        attempt.writers.flow();
        self.gate.open();
        self.book.lease("30s");
        if is_live {
            // So that all attempts begin alike. Of one that was undone, the next one shows that another can begin.
            assert_eq!(self.run("rollback").ended(0).detail("/deployment/outcome"), "committed", "{of}");
            self.awaited(1, of);
            attempt.writers.flow();
        }
        let (sent, inside) = self.judge_seen(attempt.writers.stop(), excused, of);
        let unreached = ended.is_some_and(|ended| ended.code == Some(4));
        Outcome { rest, sent, inside, hit: !tolls.is_empty(), unreached }
    }
}
