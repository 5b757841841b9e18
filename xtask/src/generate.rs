//! Files that the binary describes itself with, kept under version control so that people and tools find them.

use std::fs;

use crate::Outcome;
use crate::codes;
use crate::command::{cargo, output, root};

/// Each file, and the arguments with which `plimsoll` prints it.
const GENERATED: &[(&str, &str)] = &[("docs/manifest.md", "schema --reference"), ("docs/plimsoll.schema.json", "schema")];

/// Writes all of them.
///
/// # Errors
/// When the binary cannot be built or run, or a file not be written.
pub fn write() -> Outcome {
    for (file, args) in GENERATED {
        let path = root().join(file);
        fs::create_dir_all(path.parent().expect("it lies in a folder")).map_err(|error| format!("{file}: {error}"))?;
        fs::write(path, printed(args)?).map_err(|error| format!("{file}: {error}"))?;
        println!("{file}");
    }
    codes::write()?;
    println!("{}", codes::INDEX);
    Ok(())
}

/// Compares them with what the binary prints now.
///
/// # Errors
/// Names the ones that differ.
pub fn check() -> Outcome {
    let mut stale = Vec::new();
    for (file, args) in GENERATED {
        if fs::read_to_string(root().join(file)).ok() != Some(printed(args)?) {
            stale.push(*file);
        }
    }
    if fs::read_to_string(root().join(codes::INDEX)).ok() != Some(codes::index()?) {
        stale.push(codes::INDEX);
    }
    if stale.is_empty() { Ok(()) } else { Err(format!("out of date: {}; `cargo xtask generate` writes them anew", stale.join(", "))) }
}

fn printed(args: &str) -> Result<String, String> {
    output(cargo(&format!("run --quiet --package plimsoll-cli -- {args}")))
}
