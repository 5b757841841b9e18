//! `cargo xtask bench NAME [--json]`: what the product costs, measured beside its peers in one run.
//!
//! A benchmark is a function from a [`Bed`] to [`Row`]s. Times of different machines are never compared: a goal
//! is either a ratio to a peer of the same run, or a promise made in absolute terms.

mod bed;
mod databases;
mod local;
mod mcp;
mod probe;
mod process;
mod row;
mod servers;

use serde_json::json;

use crate::Outcome;
use bed::Bed;
use row::Row;

type Benchmark = fn(&Bed) -> Result<Vec<Row>, String>;

/// Each name, and the benchmarks behind it.
const ALL: &[(&str, &[Benchmark])] = &[
    ("databases", &[databases::measure]),
    ("local", &[local::binary::measure, local::deploy::measure, local::idle::measure, local::switches::measure, local::proxy::measure]),
    ("mcp", &[mcp::measure]),
    ("proxy", &[local::proxy::measure]),
    ("servers", &[servers::measure]),
    ("switches", &[local::switches::measure_long]),
];

/// Runs the benchmarks called `name` and prints their rows.
///
/// # Errors
/// When there are none of that name, or one cannot run. A goal that is not met is no error.
pub fn run(name: &str, as_json: bool) -> Outcome {
    let Some((_, benchmarks)) = ALL.iter().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no benchmark `{name}`; there are: {}", names.join(", ")));
    };
    let bed = Bed::build()?;
    let mut rows = Vec::new();
    for benchmark in *benchmarks {
        rows.extend(benchmark(&bed)?);
    }
    if as_json {
        println!("{}", json!({ "rows": rows.iter().map(Row::to_json).collect::<Vec<_>>() }));
    } else {
        print!("{}", row::table(&rows));
    }
    Ok(())
}
