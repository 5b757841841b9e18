//! A daemon around a host that does nothing: what tests start on demand.
//!
//! What it is to do beside that is said by files in its folder: `refuse` holds why it does not serve, `die` what it says before
//! it ends without serving, `version` the one that it says it has, and with `busy` a deployment is under way. It notes its process id in `starts`, and in
//! `environment` what it was given.

#[path = "../tests/fake/mod.rs"]
#[expect(dead_code, reason = "tests need the rest of it")]
mod fake;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use fake::Fake;
use plimsoll_host::folders::Folders;
use plimsoll_host::serve::{self, Owners, Starter};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ["host", "serve", "--folder", folder, "--build", build, "--detached"] = arguments[..] else { panic!("started as {arguments:?}") };
    let folder = Path::new(folder);
    note(folder);
    if let Ok(words) = fs::read_to_string(folder.join("die")) {
        eprintln!("{words}");
        std::process::exit(3);
    }
    run(folder, build).await;
}

async fn run(folder: &Path, build: &str) {
    let starter = Starter::leave().expect("it was started as a child");
    if let Ok(why) = fs::read(folder.join("refuse")) {
        return starter.failed(&serde_json::from_slice(&why).expect("a failure"));
    }
    let (lock, listener) = match serve::bind(&Folders::new(folder)) {
        Ok(bound) => bound,
        Err(trouble) => return starter.failed(&trouble),
    };
    starter.ready();
    let version = fs::read_to_string(folder.join("version")).unwrap_or_else(|_| Fake::default().version);
    let host = Arc::new(Fake { build: build.into(), version, busy: folder.join("busy").exists(), ..Fake::default() });
    serve::serve(host.clone(), host, Owners::new(Folders::new(folder).owners()), listener, std::future::pending()).await.expect("it serves");
    drop(lock);
}

fn note(folder: &Path) {
    let mut starts = OpenOptions::new().create(true).append(true).open(folder.join("starts")).expect("the folder takes files");
    writeln!(starts, "{}", std::process::id()).expect("the file takes a line");
    #[expect(clippy::disallowed_methods, reason = "who reads it waits until this daemon serves")]
    let written = fs::write(folder.join("environment"), given());
    written.expect("the folder takes files");
}

fn given() -> String {
    let names: Vec<String> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    names.join("\n")
}
