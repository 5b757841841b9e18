//! Two thousand histories in each run, always the same ones; what once failed; and that a story is the same each time.

use plimsoll_simulation::{Scenario, Summary, kept, run};

/// Plays these seeds and fails with how to see the first one that breaks a promise.
fn check(seeds: std::ops::Range<u64>) -> Summary {
    let mut summary = Summary::default();
    for seed in seeds {
        let verdict = run(&Scenario::of(seed), false);
        assert!(verdict.violations.is_empty(), "{:#?}\nto see all of it: cargo xtask simulate --seed {seed}", verdict.violations);
        summary.add(&verdict);
    }
    summary
}

#[test]
fn seeds_from_0() {
    let summary = check(0..500);
    // A world in which nothing happens would prove nothing.
    let outcomes = ["told committed", "told rolled back", "told refused", "settled"];
    let kinds = ["plan in batches", "component moved away", "operator dies", "host dies before a record", "answer lost"];
    for kind in outcomes.into_iter().chain(kinds) {
        assert!(summary.count(kind) > 0, "{kind} never happened:\n{summary}");
    }
}

#[test]
fn seeds_from_500() {
    check(500..1_000);
}

#[test]
fn seeds_from_1000() {
    check(1_000..1_500);
}

#[test]
fn seeds_from_1500() {
    check(1_500..2_000);
}

#[test]
fn one_seed_is_one_story() {
    for seed in 0..20 {
        let scenario = Scenario::of(seed);
        let verdict = run(&scenario, true);
        assert!(verdict.story.len() > 20, "seed {seed} tells nothing");
        assert_eq!(verdict, run(&scenario, true), "seed {seed}");
    }
}

#[test]
fn a_scenario_is_read_as_it_was_written() {
    for seed in 0..100 {
        let scenario = Scenario::of(seed);
        let text = serde_json::to_string(&scenario).expect("it can be written");
        assert_eq!(serde_json::from_str::<Scenario>(&text).expect("it can be read"), scenario, "{text}");
    }
}

#[test]
fn what_once_failed_does_not_any_more() {
    let kept = kept::all().expect("they can be read");
    assert!(!kept.is_empty(), "nothing is kept");
    for (name, scenario) in kept {
        assert_eq!(run(&scenario, false).violations, [], "{name}");
    }
}
