//! What databases cost: a backup and its verification beside the programs of `PostgreSQL` themselves, the memory that they take, and a
//! migration beyond its SQL. `PLIMSOLL_BENCH_MB` says how many megabytes the database has, 1000 where it does not.

mod peer;
mod server;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use serde_json::Value;

use super::bed::{Bed, Ground, middle, timed};
use super::process;
use super::row::{Goal, Row};
use server::Server;

/// How often the tools take turns.
const ROUNDS: usize = 3;
/// Migrations of which one deployment more than another applies.
const STEPS: usize = 20;
/// How much more time and memory than the peer's is well.
const AT_MOST: f64 = 1.3;

/// Measures all of it.
///
/// # Errors
/// When something cannot be run.
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    let megabytes = std::env::var("PLIMSOLL_BENCH_MB").map_or(Ok(1000), |text| text.parse().map_err(|_| format!("{text} is no number")))?;
    let server = Server::start()?;
    let ground = ground(bed, &server)?;
    let mut rows = vec![step(&ground, &server)?];
    server.fill(megabytes / 10)?;
    let (_, little) = backup(&ground, "create local")?;
    server.fill(megabytes - megabytes / 10)?;
    let rounds = (0..ROUNDS).map(|_| Round::run(&ground, &server)).collect::<Result<Vec<_>, String>>()?;
    rows.extend(told(&rounds, &format!("{megabytes} MB"), &peer::compression()?));
    let most = rounds.iter().map(|round| round.memory).fold(0.0, f64::max);
    let row = Row::new(format!("peak memory with {megabytes} MB"), most, "MB").against("with a tenth of it", little);
    rows.push(row.goal(Goal::RatioAtMost(AT_MOST)));
    Ok(rows)
}

/// Seconds and megabytes of one round.
struct Round {
    create: f64,
    verify: f64,
    memory: f64,
    dump: f64,
    piped: f64,
    restore: f64,
    restore_jobs: f64,
}

impl Round {
    fn run(ground: &Ground, server: &Server) -> Result<Self, String> {
        let file = server.folder().join("peer.dump");
        let dump = peer::dump(server, &file)?;
        let (create, first) = backup(ground, "create local")?;
        let restore = peer::restore(server, &file, 1)?;
        let (verify, second) = backup(ground, "verify local")?;
        let restore_jobs = peer::restore(server, &file, cores())?;
        let piped = peer::dump_piped(server, &file)?;
        Ok(Self { create, verify, memory: first.max(second), dump, piped, restore, restore_jobs })
    }
}

fn told(rounds: &[Round], size: &str, compression: &str) -> Vec<Row> {
    let of = |value: &dyn Fn(&Round) -> f64| middle(rounds.iter().map(value).collect());
    let restore = |round: &Round| round.restore.min(round.restore_jobs);
    let goal = Goal::RatioAtMost(AT_MOST);
    let row = |what: &str, value: f64| Row::new(format!("{what} {size}"), value, "s");
    eprintln!("pg_dump compresses with {compression}");
    vec![
        row("back up and verify", of(&|round| round.create)).against("pg_dump, pg_restore", of(&|round| round.dump + restore(round))).goal(goal),
        row("back up and verify", of(&|round| round.create)).against("pg_dump | zstd, pg_restore", of(&|round| round.piped + restore(round))),
        row("verify", of(&|round| round.verify)).against("pg_restore", of(&restore)).goal(goal),
        row("back up", of(&|round| round.create - round.verify)).against("pg_dump", of(&|round| round.dump)).goal(goal),
        row("pg_restore, several jobs", of(&|round| round.restore_jobs)).against("one job", of(&|round| round.restore)),
    ]
}

/// A project whose database is the server's.
fn ground<'a>(bed: &'a Bed, server: &Server) -> Result<Ground<'a>, String> {
    let answers = |folder: &Path| fs::write(folder.join("health"), "well");
    let ground = bed.ground("exec python3 -m http.server --bind 127.0.0.1 $PORT", answers)?;
    ground.add(
        "plimsoll.toml",
        "secrets = [\"DATABASE_URL\"]\n[secrets]\ncommands = { DATABASE_URL = \"cat .url\" }\n\
         [databases.main]\nkind = \"postgres\"\nmigrations = \"migrations\"\nurl = { secret = \"DATABASE_URL\" }\n",
    )?;
    ground.add(".url", &server.url())?;
    migrations(&ground, 0..1)?;
    ground.plimsoll("deploy local")?;
    Ok(ground)
}

fn migrations(ground: &Ground, numbers: std::ops::Range<usize>) -> Result<(), String> {
    numbers.into_iter().try_for_each(|number| ground.add(&format!("migrations/{:04}_step.up.sql", number + 1), &statement(number)))
}

fn statement(number: usize) -> String {
    format!("CREATE TABLE step_{number} (n INTEGER PRIMARY KEY);\n")
}

/// What a migration costs, by two deployments of which one has many and the other one has one, beside its SQL.
fn step(ground: &Ground, server: &Server) -> Result<Row, String> {
    migrations(ground, 1..2)?;
    let one = ground.timed("migrate up local")?;
    migrations(ground, 2..3 + STEPS)?;
    let many = ground.timed("migrate up local")?;
    let sql: String = (100..100 + STEPS).map(statement).collect();
    let alone = timed(|| server.sql(&sql))? / STEPS as f64;
    let row = Row::new("a migration", (many - one) * 1000.0 / STEPS as f64, "ms").against("its SQL alone", alone * 1000.0);
    Ok(row.goal(Goal::AboveAtMost(50.0)))
}

/// Does something with the backups: seconds, and the most memory that the process took that talks to the database, in megabytes.
fn backup(ground: &Ground, what: &str) -> Result<(f64, f64), String> {
    let ended = AtomicBool::new(false);
    scope(|scope| {
        let watched = scope.spawn(|| {
            let mut most = 0.0_f64;
            while !ended.load(Ordering::Relaxed) {
                most = most.max(client_mb(ground));
                sleep(Duration::from_millis(100));
            }
            most
        });
        let mut told = Value::Null;
        let took = timed(|| ground.plimsoll(&format!("backup {what}")).map(|document| told = document));
        ended.store(true, Ordering::Relaxed);
        let (took, most) = (took?, watched.join().map_err(|_| "the memory could not be watched".to_owned())?);
        if told["details"]["backups"][0]["counts"] == true { Ok((took, most)) } else { Err(format!("the backup does not count: {told}")) }
    })
}

/// What the processes that talk to databases have taken so far at most.
fn client_mb(ground: &Ground) -> f64 {
    let family = ground.serving().into_iter().flat_map(process::family);
    family.filter(|pid| process::command_line(*pid).ends_with("host database")).map(process::peak_mb).fold(0.0, f64::max)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
