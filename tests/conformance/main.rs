//! Every case of the conformance suite against every kind of host. Understands what `cargo test` and `cargo nextest` ask of a test binary.

use std::path::PathBuf;
use std::process::ExitCode;

use plimsoll_testkit::conformance::stage::{Real, Remote, Simulated};
use plimsoll_testkit::conformance::{Case, Scene, Stage, all};
use tokio::runtime::Builder;

/// The program that all slots run.
const PROGRAM: &str = env!("CARGO_BIN_EXE_plimsoll-test-service");

/// A kind of host.
type Kind = (&'static str, fn(Case));

const KINDS: &[Kind] = &[("simulated", on_simulated), ("real", on_real), ("remote", on_remote)];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let given = |flag: &str| args.iter().any(|arg| arg == flag);
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--") && *arg != "terse").collect();
    let fits = |name: &str| wanted.is_empty() || wanted.iter().any(|part| if given("--exact") { name == *part } else { name.contains(*part) });
    let tests = KINDS.iter().flat_map(|(kind, play)| all().map(move |case| (format!("{kind}::{}::{}", case.topic, case.name), case, play)));
    let mut failed = false;
    // None is ignored.
    for (name, case, play) in tests.filter(|(name, ..)| fits(name) && !given("--ignored")) {
        if given("--list") {
            println!("{name}: test");
            continue;
        }
        // A thread of its own: its panic is this test's alone.
        let ended = std::thread::spawn(move || play(case)).join();
        println!("test {name} ... {}", if ended.is_ok() { "ok" } else { "FAILED" });
        failed |= ended.is_err();
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Nobody waits for the time in a simulated world.
fn on_simulated(case: Case) {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().expect("there are threads");
    runtime.block_on(play(case, Box::new(Simulated::default())));
}

fn on_real(case: Case) {
    in_real_time(async move { play(case, Box::new(Real::new(PathBuf::from(PROGRAM)))).await });
}

fn on_remote(case: Case) {
    in_real_time(async move { play(case, Box::new(Remote::new(PathBuf::from(PROGRAM)).await)).await });
}

fn in_real_time(work: impl Future<Output = ()>) {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("there are threads").block_on(work);
}

async fn play(case: Case, stage: Box<dyn Stage>) {
    let scene = Scene::new(stage);
    (case.play)(&scene).await;
}
