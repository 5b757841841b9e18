//! The example with a database, while people write to it: whatever happens to a deployment, nothing that was acknowledged is lost, and
//! schema and program fit each other.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

use plimsoll_testkit::fixtures::Process;
use serde_json::Value;

use crate::ask::{get, until};
use crate::project::Project;

/// How many write at once.
const WRITERS: u32 = 3;

/// The example with the first of its migrations, on a port of its own.
fn guestbook() -> Project {
    let project = Project::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/guestbook");
    let read = |path: &str| fs::read_to_string(example.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let url = project.url("web", "");
    let port = url.rsplit(':').next().expect("it has a port").trim_end_matches('/').to_owned();
    let manifest = read("plimsoll.toml").replace("4100", &port);
    project.write("plimsoll.toml", &format!("{manifest}\n[environments.local]\nlease = \"30s\"\nrequires = {{ backup = true }}\n"));
    project.write("web/guestbook.py", &read("web/guestbook.py"));
    for end in ["up", "down"] {
        project.write(&format!("migrations/0001_entries.{end}.sql"), &read(&format!("migrations/0001_entries.{end}.sql")));
    }
    project
}

/// Version `number` of it: another program, and a column more.
fn version(project: &Project, number: u32) {
    let program = fs::read_to_string(project.folder().join("web/guestbook.py")).expect("it is there");
    project.write("web/guestbook.py", &format!("{program}# {number}\n"));
    let column = format!("extra{number} TEXT NOT NULL DEFAULT 'none'");
    project.write(&format!("migrations/{number:04}_extra.up.sql"), &format!("ALTER TABLE entries ADD COLUMN {column}"));
    project.write(&format!("migrations/{number:04}_extra.down.sql"), &format!("ALTER TABLE entries DROP COLUMN extra{number}"));
}

/// People who write one entry after the other, each with words of its own.
struct Writers {
    stop: Arc<AtomicBool>,
    written: Arc<AtomicU32>,
    threads: Vec<JoinHandle<(Vec<String>, Vec<String>)>>,
}

impl Writers {
    fn to(project: &Project) -> Self {
        let url = project.url("web", "/");
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let writer = |writer: u32| {
            let (address, stop, written) = (address.clone(), stop.clone(), written.clone());
            thread::spawn(move || {
                let (mut acknowledged, mut failed) = (Vec::new(), Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    let words = format!("writer {writer} writes {}", acknowledged.len() + failed.len());
                    match post(&address, &words) {
                        Ok(answer) if answer.starts_with("HTTP/1.1 201") => acknowledged.push(words),
                        other => failed.push(format!("{words}: {other:?}")),
                    }
                    written.fetch_add(1, Ordering::Relaxed);
                }
                (acknowledged, failed)
            })
        };
        let threads = (0..WRITERS).map(writer).collect();
        Self { stop, written, threads }
    }

    /// Waits until more has been written.
    fn flow(&self) {
        let enough = self.written.load(Ordering::Relaxed) + 20;
        until(true, || self.written.load(Ordering::Relaxed) >= enough);
    }

    /// All that was acknowledged, when more has been. Nothing else was answered.
    fn stop(self) -> Vec<String> {
        self.flow();
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for thread in self.threads {
            let (acknowledged, failed) = thread.join().expect("it writes");
            assert_eq!(failed, Vec::<String>::new());
            all.extend(acknowledged);
        }
        all
    }
}

fn post(address: &str, words: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address.replace("localhost", "127.0.0.1"))?;
    write!(stream, "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{words}", words.len())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn assert_there(project: &Project, acknowledged: &[String]) {
    let told: Value = serde_json::from_str(&get(&project.url("web", "/"))).expect("it answers a document");
    let there: std::collections::BTreeSet<&str> = told["entries"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let lost: Vec<&String> = acknowledged.iter().filter(|words| !there.contains(words.as_str())).collect();
    assert!(acknowledged.len() > 50 && lost.is_empty(), "{} were acknowledged, and lost: {lost:?}", acknowledged.len());
}

/// How many migrations the database has.
fn applied(project: &Project) -> usize {
    let told = project.run(["migrate", "status", "local"]).ended(0).detail("/databases/main");
    told.as_array().into_iter().flatten().filter(|known| known["state"] == "applied").count()
}

#[test]
fn versions_come_and_go_while_people_write() {
    let project = guestbook();
    project.deploy();
    let writers = Writers::to(&project);
    writers.flow();
    version(&project, 2);
    project.deploy();
    assert_eq!(applied(&project), 2);
    writers.flow();
    assert_eq!(project.run(["rollback", "local"]).ended(0).detail("/deployment/outcome"), "committed");
    assert_eq!(applied(&project), 1);
    let acknowledged = writers.stop();
    assert_there(&project, &acknowledged);
}

#[test]
fn whoever_is_killed_in_whichever_phase_nothing_that_was_acknowledged_is_lost() {
    let project = guestbook();
    project.deploy();
    let writers = Writers::to(&project);
    let mut number = 1;
    for phase in ["prepare", "switch", "verify", "decided"] {
        for victim in ["host serve", "host database", "operator"] {
            let before = applied(&project);
            number += 1;
            version(&project, number);
            let mut deploying = project.begin("deploy");
            match phase {
                "decided" => drop(deploying.until(&[("/note", phase)])),
                phase => deploying.until_phase(phase),
            }
            if victim == "operator" {
                deploying.kill();
                let _ = project.run(["resume", "local"]);
            } else {
                project.home.processes(victim).iter().for_each(Process::kill);
                drop(deploying.finish());
            }
            until(Value::Null, || project.run(["status", "local"]).ended(0).detail("/open"));
            let committed = project.history()[0]["outcome"] == "committed";
            let source = project.run(["migrate", "status", "local"]).ended(0).detail("/databases/main").as_array().map(Vec::len);
            let expected = if committed { source } else { Some(before) };
            assert_eq!(Some(applied(&project)), expected, "{victim} was killed in {phase}, and it was committed: {committed}");
            assert_eq!(project.run(["status", "local"]).ended(0).document()["code"], "healthy", "{victim} was killed in {phase}");
            writers.flow();
        }
    }
    let acknowledged = writers.stop();
    assert_there(&project, &acknowledged);
}
