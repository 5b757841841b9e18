//! The binary: how large it is, and how soon it says something.

use std::fs;
use std::process::{Command, Stdio};

use super::super::bed::{Bed, median, timed};
use super::super::row::{Goal, Row};

/// Measures it beside `true`, the quickest program there is.
///
/// # Errors
/// When it cannot be run.
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    let size = fs::metadata(&bed.plimsoll).map_err(|error| format!("{}: {error}", bed.plimsoll.display()))?.len();
    let help = median(31, || quiet(Command::new(&bed.plimsoll).arg("--help")))?;
    let nothing = median(31, || quiet(&mut Command::new("true")))?;
    Ok(vec![
        Row::new("binary: size", megabytes(size), "MB").goal(Goal::AtMost(40.0)),
        Row::new("binary: --help", help * 1000.0, "ms").against("true", nothing * 1000.0).goal(Goal::AtMost(10.0)),
    ])
}

fn quiet(command: &mut Command) -> Result<f64, String> {
    timed(|| command.stdout(Stdio::null()).status().map(drop).map_err(|error| format!("cannot run {command:?}: {error}")))
}

#[expect(clippy::cast_precision_loss, reason = "no binary has 2^52 bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
