//! Plays many scenarios on all cores: `simulate [--seeds N] [--from S] [--threads T] [--seed S] [--brief] [--go-on]`.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use plimsoll_simulation::{Scenario, Summary, Verdict, kept, run, shrink};

/// What was asked for.
struct Wanted {
    from: u64,
    seeds: u64,
    threads: usize,
    /// Only this one, told step by step.
    one: Option<u64>,
    /// Plays what was kept first; tells of a failure in one line, and does not make it smaller.
    brief: bool,
    /// Does not stop at a failure, and tells of each in one line.
    go_on: bool,
}

/// What all threads share.
#[derive(Default)]
struct Shared {
    next: AtomicU64,
    done: AtomicU64,
    stop: AtomicBool,
    summary: Mutex<Summary>,
    failed: Mutex<Option<u64>>,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let wanted = match read(&args) {
        Ok(wanted) => wanted,
        Err(why) => return refuse(&why),
    };
    // What panics in a world is told with its story.
    std::panic::set_hook(Box::new(|_| {}));
    match wanted.one {
        Some(seed) => tell(&Scenario::of(seed)),
        None => many(&wanted),
    }
}

fn refuse(why: &str) -> ExitCode {
    eprintln!("simulate: {why}");
    ExitCode::from(2)
}

fn read(args: &[String]) -> Result<Wanted, String> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut wanted = Wanted { from: 0, seeds: 10_000, threads, one: None, brief: false, go_on: false };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if let "--brief" | "--go-on" = arg.as_str() {
            wanted.brief |= arg == "--brief";
            wanted.go_on |= arg == "--go-on";
            continue;
        }
        let number = args.next().and_then(|number| number.replace('_', "").parse::<u64>().ok()).ok_or(format!("{arg} needs a number"))?;
        match arg.as_str() {
            "--seeds" => wanted.seeds = number,
            "--from" => wanted.from = number,
            "--threads" => wanted.threads = usize::try_from(number.max(1)).unwrap_or(1),
            "--seed" => wanted.one = Some(number),
            other => return Err(format!("there is no option {other}")),
        }
    }
    Ok(wanted)
}

fn many(wanted: &Wanted) -> ExitCode {
    if wanted.brief
        && let Some(ended) = play_kept()
    {
        return ended;
    }
    let shared = Shared::default();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..wanted.threads).map(|_| scope.spawn(|| work(wanted, &shared))).collect();
        while !wanted.brief && !workers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            std::thread::park_timeout(Duration::from_secs(1));
            eprint!("\r{} of {} histories, {} s", shared.done.load(Ordering::Relaxed), wanted.seeds, begun.elapsed().as_secs());
        }
    });
    let failed = *shared.failed.lock().expect("no worker panics");
    if wanted.brief {
        return failed.map_or(ExitCode::SUCCESS, |seed| brief(seed, &run(&Scenario::of(seed), false)));
    }
    eprintln!();
    println!("{}", shared.summary.lock().expect("no worker panics"));
    println!("{:>12}  milliseconds", begun.elapsed().as_millis());
    failed.map_or(ExitCode::SUCCESS, |seed| if wanted.go_on { ExitCode::FAILURE } else { fail(seed) })
}

/// Plays what was kept; none when all is well.
fn play_kept() -> Option<ExitCode> {
    let kept = match kept::all() {
        Ok(kept) => kept,
        Err(why) => return Some(refuse(&why)),
    };
    let mut played = kept.iter().map(|(name, scenario)| (name, run(scenario, false)));
    let (name, verdict) = played.find(|(_, verdict)| !verdict.violations.is_empty())?;
    Some(brief(name, &verdict))
}

fn work(wanted: &Wanted, shared: &Shared) {
    let mut summary = Summary::default();
    while !shared.stop.load(Ordering::Relaxed) {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        if number >= wanted.seeds {
            break;
        }
        let verdict = run(&Scenario::of(wanted.from + number), false);
        summary.add(&verdict);
        shared.done.fetch_add(1, Ordering::Relaxed);
        if !verdict.violations.is_empty() {
            shared.failed(wanted, wanted.from + number, &verdict);
        }
    }
    shared.summary.lock().expect("no worker panics").merge(&summary);
}

impl Shared {
    fn failed(&self, wanted: &Wanted, seed: u64, verdict: &Verdict) {
        let mut failed = self.failed.lock().expect("no worker panics");
        *failed = Some(failed.map_or(seed, |other| other.min(seed)));
        self.stop.store(!wanted.go_on, Ordering::Relaxed);
        if wanted.go_on {
            brief(seed, verdict);
        }
    }
}

fn brief(seed: impl std::fmt::Display, verdict: &Verdict) -> ExitCode {
    verdict.violations.iter().take(1).for_each(|violation| println!("seed {seed}: {:?}: {}", violation.invariant, violation.what));
    ExitCode::FAILURE
}

/// Tells the story of a failing seed, makes it smaller, and says how to keep it.
fn fail(seed: u64) -> ExitCode {
    let scenario = Scenario::of(seed);
    run(&scenario, true).story.iter().for_each(|line| println!("{line}"));
    println!("\nseed {seed} fails; made smaller:\n");
    let smallest = shrink(&scenario);
    tell(&smallest);
    println!("\nto keep it, write this to crates/simulation/regressions/NAME.json:\n");
    println!("{}", serde_json::to_string_pretty(&smallest).unwrap_or_default());
    ExitCode::FAILURE
}

fn tell(scenario: &Scenario) -> ExitCode {
    let verdict = run(scenario, true);
    println!("{scenario:#?}\n");
    verdict.story.iter().for_each(|line| println!("{line}"));
    verdict.violations.iter().for_each(|violation| println!("VIOLATION {:?}: {}", violation.invariant, violation.what));
    if verdict.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
