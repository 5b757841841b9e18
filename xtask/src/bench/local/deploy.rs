//! Deployments of a release of 20 MB: the first, one with 1 % changed, one with nothing changed, and a rollback,
//! beside a script that copies and restarts.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::super::bed::{Bed, Ground, folder, free_port, median, middle, timed, write_data};
use super::super::row::{Goal, Row};

/// Files of 100 kB in the release.
const FILES: usize = 200;
/// Those of them that a change rewrites.
const CHANGED: usize = FILES / 100;
const ROUNDS: usize = 5;

/// Measures all of it.
///
/// # Errors
/// When a deployment fails.
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    let backend = bed.shop_backend()?;
    let ground = bed.ground("./backend", |folder| {
        fs::copy(&backend, folder.join("backend"))?;
        write_data(&folder.join("data"), FILES, 1)
    })?;
    let mut script = Script::new()?;
    let first = ground.timed("deploy local")?;
    let first_script = script.deploy(&ground)?;
    let unchanged = median(ROUNDS, || ground.timed("deploy local"))?;
    let rounds = (0..ROUNDS).map(|round| Round::run(&ground, &mut script, round as u64 + 2)).collect::<Result<Vec<_>, String>>()?;
    let of = |value: fn(&Round) -> f64| middle(rounds.iter().map(value).collect());
    Ok(vec![
        Row::new("deploy of 20 MB: first", first, "s").against("cp and restart", first_script),
        Row::new("deploy of 20 MB: 1 % changed", of(|round| round.changed), "s").against("cp and restart", of(|round| round.changed_script)),
        Row::new("deploy of 20 MB: nothing changed", unchanged, "s").goal(Goal::AtMost(0.2)),
        Row::new("rollback to the previous release", of(|round| round.rollback), "s")
            .against("the service's own start", of(|round| round.start))
            .goal(Goal::AboveAtMost(1.0)),
    ])
}

/// Seconds of one round: a change goes live and is taken back, so that the next one finds the first release again.
struct Round {
    changed: f64,
    changed_script: f64,
    rollback: f64,
    start: f64,
}

impl Round {
    fn run(ground: &Ground, script: &mut Script, seed: u64) -> Result<Self, String> {
        change(ground, seed)?;
        let changed = ground.timed("deploy local")?;
        let changed_script = script.deploy(ground)?;
        Ok(Self { changed, changed_script, rollback: ground.timed("rollback local --yes")?, start: script.start()? })
    }
}

fn change(ground: &Ground, seed: u64) -> Result<(), String> {
    write_data(&ground.component().join("data"), CHANGED, seed).map_err(|error| format!("cannot change the release: {error}"))
}

/// What people do without a tool: copy the files over, stop the program, start it again, wait until it answers.
struct Script {
    to: tempfile::TempDir,
    port: u16,
    running: Option<Child>,
}

impl Script {
    fn new() -> Result<Self, String> {
        Ok(Self { to: folder()?, port: free_port(), running: None })
    }

    /// Seconds that a deployment takes.
    fn deploy(&mut self, ground: &Ground) -> Result<f64, String> {
        timed(|| {
            copy(&ground.component(), self.to.path())?;
            self.start().map(drop)
        })
    }

    /// Seconds from the start of the program until it answers. One that runs is stopped before.
    fn start(&mut self) -> Result<f64, String> {
        self.stop();
        timed(|| {
            let program = self.to.path().join("backend");
            let started = Command::new(&program).env("PORT", self.port.to_string()).stdout(Stdio::null()).spawn();
            self.running = Some(started.map_err(|error| format!("cannot run {}: {error}", program.display()))?);
            while !answers(self.port) {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        })
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.stop();
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let status = Command::new("cp").arg("-a").arg("--remove-destination").arg(from.join(".")).arg(to).status();
    if status.is_ok_and(|status| status.success()) { Ok(()) } else { Err(format!("cannot copy {}", from.display())) }
}

fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer.starts_with("HTTP/1.1 200"))
    };
    ask().unwrap_or(false)
}
