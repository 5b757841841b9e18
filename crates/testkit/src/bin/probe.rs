//! The probe as a command: `probe RATE [--fresh] URL…` sends requests until standard input ends.
//!
//! A line on standard input opens a window of that name, which the report tells apart. The report is one JSON
//! document on standard output.

use std::io::BufRead;
use std::process::ExitCode;

use plimsoll_testkit::probe::{Probe, Report, Target};
use serde_json::{Value, json};

const USAGE: &str = "usage: probe RATE [--fresh] URL…   (RATE in requests per second; ends with its standard input)";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some((rate, targets)) = understand(&args) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let probe = Probe::start(targets, rate);
    let mut windows = vec![(String::from("first"), 0)];
    for name in std::io::stdin().lock().lines().map_while(Result::ok) {
        windows.push((name, probe.now_ms()));
    }
    let report = probe.stop_blocking();
    println!("{}", document(&report, &windows));
    if report.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Each URL is asked on kept-alive connections; those behind `--fresh` on new ones.
fn understand(args: &[String]) -> Option<(u32, Vec<Target>)> {
    let (rate, urls) = args.split_first()?;
    let rate = rate.parse().ok().filter(|rate| *rate > 0)?;
    let mut fresh = false;
    let mut targets = Vec::new();
    for url in urls {
        match url.as_str() {
            "--fresh" => fresh = true,
            url if fresh => targets.push(Target::get(format!("{url} (fresh)"), url).fresh()),
            url => targets.push(Target::get(url, url)),
        }
    }
    (!targets.is_empty()).then_some((rate, targets))
}

fn document(report: &Report, windows: &[(String, u64)]) -> Value {
    let ends = windows.iter().skip(1).map(|(_, from)| *from).chain([u64::MAX]);
    let told =
        windows.iter().zip(ends).map(|((name, from), to)| json!({"name": name, "from_ms": from, "latency": report.latency_between(*from, to)}));
    json!({"report": report, "windows": told.collect::<Vec<_>>()})
}
