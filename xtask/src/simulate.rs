//! `cargo xtask simulate`: plays simulated histories, built for speed.

use crate::Outcome;
use crate::command::{cargo, run};

/// Builds the simulation and plays what `args` ask for: `--seeds N`, `--from S`, `--threads T`, or `--seed S` for the story of one.
///
/// # Errors
/// When a history breaks a promise; it has been told by then.
pub fn simulate(args: &[&str]) -> Outcome {
    let mut command = cargo("run --release --quiet --locked --package plimsoll-simulation --bin simulate --");
    command.args(args);
    run(command)
}
