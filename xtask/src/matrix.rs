//! `cargo xtask matrix`: the kill matrix as a whole, of which `cargo xtask test` walks a part.

use std::process::Command;

use crate::Outcome;
use crate::command::{cargo, need, run};

/// Kills every victim at every crash point.
///
/// # Errors
/// When something did not hold; what, is told on standard error.
pub fn all() -> Outcome {
    let mut walk = test("wherever_somebody_is_killed")?;
    walk.env("PLIMSOLL_MATRIX", "all");
    run(walk)
}

/// Plays `rounds` of chance, from the one with the seed `first` on.
///
/// # Errors
/// As [`all`], and when these are no numbers.
pub fn random(rounds: &str, first: &str) -> Outcome {
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
    let mut play = test("whatever_happens_to_whom_all_is_well")?;
    play.env("PLIMSOLL_MATRIX_ROUNDS", number(rounds)?.to_string()).env("PLIMSOLL_MATRIX_SEED", number(first)?.to_string());
    run(play)
}

/// Builds Plimsoll with crash points: a binary of its own, beside the ordinary one.
///
/// # Errors
/// When it does not build.
pub fn build() -> Outcome {
    run(cargo("build --locked --package plimsoll-cli --features crash-points --bin plimsoll-crash-points"))
}

/// One test of the matrix, telling all that it does.
fn test(name: &str) -> Result<Command, String> {
    need(&["git"], "git ca-certificates")?;
    build()?;
    Ok(cargo(&format!("test --locked --package plimsoll-tests --test matrix -- --nocapture {name}")))
}
