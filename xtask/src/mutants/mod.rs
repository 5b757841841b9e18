//! `cargo xtask mutants`: shows that the simulated world notices mistakes, by making them.
//!
//! The sources are copied aside, one deliberate mistake of `crates/simulation/mutations.toml` is made at a time, and the ordinary seeds are
//! played until one breaks a promise. A mistake that nothing notices fails the task.

mod copy;
mod list;

use std::time::Instant;

use crate::Outcome;
use crate::command::{cargo, target};
use copy::Copy;
use list::Mutation;

/// As many seeds as the tests play.
const SEEDS: &str = "2000";

/// Makes every mistake, or the one called `name`.
///
/// # Errors
/// Names the mistakes that nothing noticed, or that cannot be made any more.
pub fn run(name: Option<&str>) -> Outcome {
    let mut mutations = list::read()?;
    mutations.retain(|mutation| name.is_none_or(|name| mutation.name == name));
    if mutations.is_empty() {
        return Err("there is no such mutation".into());
    }
    let copy = Copy::fresh(&target().join("mutants"))?;
    if let Some(found) = play(&copy)? {
        return Err(format!("without any mutation: {found}"));
    }
    let mut missed = Vec::new();
    for mutation in &mutations {
        let begun = Instant::now();
        let told = attempt(&copy, mutation);
        let seconds = begun.elapsed().as_secs();
        match told {
            Ok(Some(ref found)) => println!("caught  {:<40} {seconds:>3} s  {}", mutation.name, shortened(found)),
            Ok(None) => println!("MISSED  {:<40} {seconds:>3} s  {}", mutation.name, mutation.why),
            Err(ref why) => println!("FAILED  {:<40} {seconds:>3} s  {why}", mutation.name),
        }
        if !matches!(told, Ok(Some(_))) {
            missed.push(mutation.name.as_str());
        }
    }
    println!("mutations: {} caught, {} not", mutations.len() - missed.len(), missed.len());
    if missed.is_empty() { Ok(()) } else { Err(format!("not caught: {}", missed.join(", "))) }
}

/// Makes one mistake, plays, and takes it back.
fn attempt(copy: &Copy, mutation: &Mutation) -> Result<Option<String>, String> {
    let before = copy.read(&mutation.file)?;
    copy.write(&mutation.file, &mutation.applied(&before)?)?;
    let found = play(copy);
    copy.write(&mutation.file, &before)?;
    found
}

/// Builds and plays what is in the copy; answers what was noticed first.
fn play(copy: &Copy) -> Result<Option<String>, String> {
    let mut build = cargo("build --quiet --offline --package plimsoll-simulation --bin simulate");
    build.current_dir(copy.root()).env("CARGO_TARGET_DIR", copy.target()).env("RUSTFLAGS", "--cap-lints=allow").env("CARGO_INCREMENTAL", "1");
    let built = build.output().map_err(|error| format!("cargo: {error}"))?;
    if !built.status.success() {
        return Err(format!("it does not compile:\n{}", String::from_utf8_lossy(&built.stderr)));
    }
    let played = std::process::Command::new(copy.target().join("debug/simulate")).args(["--brief", "--seeds", SEEDS]).output();
    let played = played.map_err(|error| format!("simulate: {error}"))?;
    let told = String::from_utf8_lossy(&played.stdout);
    Ok(told.lines().find(|line| line.starts_with("seed ")).map(ToOwned::to_owned))
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 110;
    if text.chars().count() <= LONGEST { text.to_owned() } else { text.chars().take(LONGEST).chain(['…']).collect() }
}
