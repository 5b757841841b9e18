//! `cargo xtask coverage [--json]`: how much of the code the tests run, by the compiler's own instrumentation.
//!
//! All tests of the workspace run, those with real processes among them, and every process counts: daemons, keepers, proxies and slots,
//! killed ones too. Lines of tests are not counted, nor what other crates hold. A crate that is below the goal is an error.

mod instrument;
mod lines;
mod report;
mod tools;

use crate::command::{cargo, exists, need, run};
use crate::{Outcome, clients};
use instrument::Instrument;
pub use instrument::{compile, is_compiler};
use tools::Tools;

/// The crates of which we say how much is run, and for which there is a goal.
const CRATES: &[&str] = &["model", "engine", "host", "proxy", "ops"];

/// What is to be reached in each of them, in percent of its lines.
const GOAL_PERCENT: f64 = 85.0;

/// Builds, tests, and tells what was run.
///
/// # Errors
/// When something does not build, or a crate is below the goal. A test that fails is told, and counts for what it ran: one that looks at all
/// that is in its environment does, as the counters leave a note there.
pub fn run_all(as_json: bool) -> Outcome {
    need(&["nginx"], "nginx-light")?;
    clients::install()?;
    let tools = Tools::find()?;
    let instrument = Instrument::prepare()?;
    let programs = instrument.build()?;
    if let Err(why) = run(instrument.over(cargo(runner()))) {
        eprintln!("coverage: {why}; what these tests ran counts none the less");
    }
    let told = tools.export(&instrument.profiles()?, &programs)?;
    let files = lines::read(&told)?;
    let report = report::Report::of(&files, CRATES, GOAL_PERCENT);
    if as_json {
        println!("{}", report.to_json())
    } else {
        print!("{}", report.table())
    }
    report.judge()
}

/// The kill matrix stays out: its programs are a build of their own, which has no counters. So do the test hosts: what runs there counts elsewhere.
fn runner() -> &'static str {
    if exists("cargo-nextest") {
        "nextest run --workspace --locked --no-fail-fast -E not(binary(matrix)|binary(servers))"
    } else {
        "test --workspace --locked --no-fail-fast --lib --bins --tests"
    }
}
