//! `cargo xtask test`: everything that has to hold, in one command, cheapest first.
//!
//! All parts run even when one fails, so that one run tells all; the last lines say which failed.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Instant;

use crate::command::{cargo, exists, need, need_stopped, root, run, target};
use crate::{Outcome, clients, conformance, drill, generate, hosts, matrix, mutants, tidy};

/// A part of the whole: its name, and how it is run.
type Part = (&'static str, fn() -> Outcome);

const PARTS: &[Part] = &[
    ("format", format),
    ("tidy", tidy::run),
    ("lints", lints),
    ("generated files", generate::check),
    ("documentation tests", documentation),
    ("example shop", example_shop),
    ("tests", tests),
    ("MCP conformance", conformance::run_all),
    ("disaster drill", drill::run_all),
    ("mutations", || mutants::run(None)),
];

/// Runs all of it.
///
/// # Errors
/// Names the parts that failed.
pub fn run_all() -> Outcome {
    if env::var_os(INCREMENTAL).is_none() {
        return Err(again_without_increments());
    }
    need(&["git"], "git ca-certificates")?;
    need(&["nginx"], "nginx-light")?;
    need(&["python3"], "python3")?;
    need(&["/usr/lib/python3/dist-packages/psycopg2/__init__.py"], "python3-psycopg2")?;
    need(&["/usr/lib/python3/dist-packages/jsonschema/__init__.py"], "python3-jsonschema")?;
    need_stopped(&["pg_ctlcluster", "psql"], "postgresql postgresql-client")?;
    need_stopped(&["mariadbd", "mariadb-dump"], "mariadb-server mariadb-client")?;
    let mut told = Vec::new();
    let mut failed = Vec::new();
    for (name, part) in PARTS {
        eprintln!("\n── {name}");
        let began = Instant::now();
        let outcome = part();
        told.push(format!("{:>7.1} s  {}  {name}", began.elapsed().as_secs_f32(), if outcome.is_ok() { "ok    " } else { "FAILED" }));
        if let Err(why) = outcome {
            eprintln!("{name}: {why}");
            failed.push(*name);
        }
    }
    eprintln!("\n{}", told.join("\n"));
    println!("parts: {} passed, {} failed", PARTS.len() - failed.len(), failed.len());
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

const INCREMENTAL: &str = "CARGO_INCREMENTAL";

/// Replaces this process by one whose builds, down to the last, keep nothing for the next change: what is built once only would be twice as
/// large, and a full disk is the worst way to fail. Comes back only if that cannot be done.
fn again_without_increments() -> String {
    let error = match env::current_exe() {
        Ok(program) => Command::new(program).args(env::args_os().skip(1)).env(INCREMENTAL, "0").exec(),
        Err(error) => error,
    };
    format!("cannot begin the tests: {error}")
}

fn format() -> Outcome {
    run(cargo("fmt --all --check"))?;
    run(cargo("fmt --check --manifest-path examples/shop/backend/Cargo.toml"))
}

fn lints() -> Outcome {
    run(cargo("clippy --workspace --all-targets --locked -- --deny warnings"))
}

fn documentation() -> Outcome {
    run(cargo("test --workspace --locked --doc --quiet"))
}

fn example_shop() -> Outcome {
    let in_shop = |mut command: Command| {
        command.current_dir(root().join("examples/shop/backend")).env("CARGO_TARGET_DIR", target().join("examples"));
        command
    };
    run(in_shop(cargo("clippy --locked --all-targets --quiet -- --deny warnings")))?;
    run(in_shop(cargo("test --locked --quiet")))
}

/// How many machines the tests deploy to by SSH.
const HOSTS: &str = "7";

/// The end-to-end tests run the binaries and need the machines, so these are there first. The machines are left running: who has no more use
/// for them says `hosts down`.
fn tests() -> Outcome {
    clients::install()?;
    hosts::up(HOSTS)?;
    run(cargo("build --workspace --locked"))?;
    matrix::build()?;
    let runner = if exists("cargo-nextest") {
        "nextest run --workspace --locked --no-fail-fast"
    } else {
        "test --workspace --locked --no-fail-fast --lib --bins --tests"
    };
    let mut tests = cargo(runner);
    tests.env("PLIMSOLL_BIN", target().join("debug/plimsoll"));
    run(tests)
}
