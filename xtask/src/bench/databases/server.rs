//! A `PostgreSQL` of the benchmark's own, as it is configured by itself, and rows to put into it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::bed::{folder, free_port};
use crate::command::{command, need_stopped, output, quiet};

/// Where Debian has the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);
/// Rows of one shop: texts of words, numbers, times, documents, and what refers to what.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS customers (id BIGINT PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, joined TIMESTAMPTZ, address JSONB);
    CREATE TABLE IF NOT EXISTS orders (id BIGINT PRIMARY KEY, customer BIGINT REFERENCES customers, placed TIMESTAMPTZ, total NUMERIC(10, 2), note TEXT);
    CREATE TABLE IF NOT EXISTS lines (placed_in BIGINT REFERENCES orders, product TEXT, pieces INTEGER, price NUMERIC(10, 2));
    CREATE INDEX IF NOT EXISTS orders_customer ON orders (customer);
    CREATE INDEX IF NOT EXISTS lines_placed_in ON lines (placed_in);
    CREATE OR REPLACE FUNCTION words(seed BIGINT, count INTEGER) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
        SELECT string_agg((ARRAY['anchor','brass','compass','deck','ensign','fathom','galley','halyard','iron','jib','keel','lantern','mast','north',
            'oar','port','quay','rope','sextant','tiller'])[1 + (hashint8(seed * 31 + n) & 2147483647) % 20], ' ') FROM generate_series(1, count) AS n $$;";
/// Ten thousand customers with what they ordered, from number `FIRST` on.
const ROWS: &str = "
    INSERT INTO customers SELECT n, initcap(words(n, 2)), n || '@' || words(n, 1) || '.example', '2020-01-01'::timestamptz + n * interval '1 minute',
        jsonb_build_object('street', words(n, 3), 'number', n % 200, 'town', words(n / 7, 1), 'code', md5(n::text))
        FROM generate_series(FIRST::bigint, FIRST + 9999) AS n;
    INSERT INTO orders SELECT n * 4 + o, n, '2021-01-01'::timestamptz + n * interval '37 seconds', (n * 7919 + o) % 100000 / 100.0, words(n * 4 + o, 12)
        FROM generate_series(FIRST::bigint, FIRST + 9999) AS n, generate_series(0, 3) AS o;
    INSERT INTO lines SELECT n * 4 + o, words(n + o + l, 3), 1 + (n + l) % 9, (n * 104729 + l) % 100000 / 100.0
        FROM generate_series(FIRST::bigint, FIRST + 9999) AS n, generate_series(0, 3) AS o, generate_series(1, 3) AS l;";

/// A running server. It ends when this is dropped.
pub struct Server {
    folder: TempDir,
    port: u16,
    child: Child,
    account: Option<(u32, u32)>,
}

impl Server {
    /// Starts one with a database `shop`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start() -> Result<Self, String> {
        need_stopped(&["pg_ctlcluster", "psql"], "postgresql postgresql-client")?;
        let (folder, port, account) = (folder()?, free_port(), account()?);
        if let Some((user, group)) = account {
            chown(folder.path(), Some(user), Some(group)).map_err(|error| format!("cannot give a folder away: {error}"))?;
        }
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).map_err(|error| format!("cannot open a folder: {error}"))?;
        let data = folder.path().join("data");
        let mut init = program("initdb", account)?;
        init.args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=shop", "--pgdata"]).arg(&data);
        quiet(init)?;
        let mut postgres = program("postgres", account)?;
        postgres.arg("-D").arg(&data).args(["-p", &port.to_string(), "-k"]).arg(folder.path()).stderr(Stdio::null()).stdout(Stdio::null());
        let child = postgres.spawn().map_err(|error| format!("cannot run postgres: {error}"))?;
        let server = Self { folder, port, child, account };
        server.awaited()?;
        server.sql(TABLES)?;
        Ok(server)
    }

    fn awaited(&self) -> Result<(), String> {
        let begun = Instant::now();
        while let Err(why) = self.run("createdb", &["shop"]) {
            if begun.elapsed() > PATIENCE {
                return Err(why);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Adds so many megabytes, indexes included.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn fill(&self, megabytes: usize) -> Result<(), String> {
        let enough = self.megabytes()? + megabytes;
        while self.megabytes()? < enough {
            let first = self.asked("SELECT coalesce(max(id) + 1, 0) FROM customers")?;
            self.sql(&ROWS.replace("FIRST", &first))?;
        }
        self.sql("VACUUM ANALYZE; CHECKPOINT")
    }

    fn megabytes(&self) -> Result<usize, String> {
        self.asked("SELECT pg_database_size('shop') / 1000000")?.parse().map_err(|error| format!("the size is no number: {error}"))
    }

    fn asked(&self, sql: &str) -> Result<String, String> {
        Ok(output(self.client("psql", &["-XAtqc", sql, "shop"])?)?.trim().to_owned())
    }

    /// Runs statements, each in a transaction of its own.
    ///
    /// # Errors
    /// When it refuses one.
    pub fn sql(&self, sql: &str) -> Result<(), String> {
        let file = self.folder.path().join("run.sql");
        fs::write(&file, sql).map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        self.run("psql", &["-XAtq", "-v", "ON_ERROR_STOP=1", "-f", &file.to_string_lossy(), "shop"])
    }

    /// Runs one of its programs as a client of it.
    ///
    /// # Errors
    /// When it does not end with success.
    pub fn run(&self, name: &str, args: &[&str]) -> Result<(), String> {
        quiet(self.client(name, args)?)
    }

    /// Runs a line of a shell as a client of it.
    ///
    /// # Errors
    /// When it does not end with success.
    pub fn shell(&self, line: &str) -> Result<(), String> {
        self.run("/bin/bash", &["-c", line])
    }

    /// The URL of the database.
    pub fn url(&self) -> String {
        format!("postgres://shop@127.0.0.1:{}/shop", self.port)
    }

    /// Where there is room for files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn client(&self, name: &str, args: &[&str]) -> Result<Command, String> {
        let mut client = program(name, self.account)?;
        client.args(args).env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string()).env("PGUSER", "shop");
        client.current_dir(self.folder.path());
        Ok(client)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its way to end at once.
        let _ = command("kill", &format!("-QUIT {}", self.child.id())).status();
        let _ = self.child.wait();
    }
}

/// Whom it runs as: root is nobody that it would run as.
fn account() -> Result<Option<(u32, u32)>, String> {
    if output(command("id", "-u"))?.trim() != "0" {
        return Ok(None);
    }
    let id = |kind: &str| output(command("id", &format!("{kind} postgres")))?.trim().parse().map_err(|error| format!("no id: {error}"));
    Ok(Some((id("-u")?, id("-g")?)))
}

fn program(name: &str, account: Option<(u32, u32)>) -> Result<Command, String> {
    let mut program = command(&newest()?.join("bin").join(name).to_string_lossy(), "");
    program.current_dir("/").stdin(Stdio::null());
    if let Some((user, group)) = account {
        program.uid(user).gid(group);
    }
    Ok(program)
}

/// The folder of the newest version.
pub fn newest() -> Result<PathBuf, String> {
    let entries = fs::read_dir(VERSIONS).map_err(|error| format!("{VERSIONS}: {error}"))?;
    let versions = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions.max().ok_or("PostgreSQL is not installed")?;
    Ok(Path::new(VERSIONS).join(newest.to_string()))
}
