//! The probe as a command: `probe RATE [--fresh] URL…` sends requests until standard input ends.
//!
//! A line on standard input opens a window of that name, which the report tells apart; windows of one name are told as one. The report is
//! one JSON document on standard output.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::process::ExitCode;

use plimsoll_testkit::probe::{Latency, Probe, Report, Target};
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
    let mut times: BTreeMap<&str, Vec<u64>> = windows.iter().map(|(name, _)| (name.as_str(), Vec::new())).collect();
    for sample in &report.samples {
        let opened = windows.partition_point(|(_, from_ms)| *from_ms <= sample.at_ms);
        times.entry(&windows[opened.saturating_sub(1)].0).or_default().push(sample.took_us);
    }
    let told = times.into_iter().map(|(name, times)| json!({"name": name, "answered": times.len(), "latency": Latency::of(times)}));
    json!({"report": report, "windows": told.collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use plimsoll_testkit::probe::Sample;

    use super::*;

    #[test]
    fn windows_of_one_name_are_told_as_one() {
        let samples = [(0, 1), (5, 10), (6, 20), (9, 2), (12, 30)].map(|(at_ms, took_us)| Sample { at_ms, took_us }).to_vec();
        let windows = [("first", 0), ("switch", 5), ("between", 7), ("switch", 10)].map(|(name, from_ms)| (name.to_owned(), from_ms));
        let told = document(&Report { samples, ..Report::default() }, &windows);
        let answered: Vec<(&Value, &Value)> =
            told["windows"].as_array().into_iter().flatten().map(|window| (&window["name"], &window["latency"]["max_us"])).collect();
        assert_eq!(json!(answered), json!([["between", 2], ["first", 1], ["switch", 30]]));
        assert_eq!(told["windows"][2]["answered"], 3);
    }
}
