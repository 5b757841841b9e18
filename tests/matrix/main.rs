//! The kill matrix: each process that has to do with a deployment is killed at each crash point, on the example shop, under load.
//! Then anyone gets any signal at any time.
//!
//! `PLIMSOLL_MATRIX=all` kills every victim at every point, where an ordinary run takes the victims in turn.
//! `PLIMSOLL_MATRIX_ROUNDS` says how many rounds of chance are played, `PLIMSOLL_MATRIX_SEED` from which one on.

#![expect(clippy::disallowed_methods, reason = "tests lay files out and start programs")]

mod ask;
mod attempt;
mod book;
mod cell;
mod chance;
mod crew;
mod gate;
mod matrix;
mod operator;
mod program;
mod rest;
mod road;
mod scene;
mod sight;
mod stage;
mod toll;
mod victim;
mod walk;

use std::path::Path;
use std::time::Duration;

use book::Book;
use chance::Round;
use road::Road;
use scene::Scene;

/// How long a host may take beyond the lease until it is at rest.
const BEYOND_LEASE: Duration = Duration::from_secs(2);

/// In one of so many cells the victim may be gone already.
const FEW: usize = 20;

/// Rounds of chance in an ordinary run.
const ROUNDS: u64 = 30;

#[test]
fn wherever_somebody_is_killed_all_is_well() {
    program::live_in_memory();
    let programs = program::versions();
    let anew = || Scene::new(programs.path());
    let mut homes = walk::homes(anew);
    let all = told("PLIMSOLL_MATRIX").is_some_and(|part| part == "all");
    let cells = matrix::cells(&mut homes[0], &Road::ALL, all);
    let tally = walk::all(&cells, homes, anew, all, |scene, cell| cell::run(scene, cell).0);
    eprintln!("{} cells: {tally}", cells.len());
    tally.assert_well();
    // Steps of other components go on beside the one that stops the old slot, which may be gone a moment earlier or later.
    assert!(tally.missed().len() * FEW <= cells.len(), "nobody was killed in: {:#?}", tally.missed());
    // On a machine that does other work besides, a duration says nothing.
    assert!(!all || tally.longest() < attempt::LEASE + BEYOND_LEASE, "{tally}");
}

#[test]
fn wherever_somebody_is_killed_a_file_and_its_program_fit() {
    program::live_in_memory();
    with_a_database(|| Book::new(false));
}

#[test]
fn wherever_somebody_is_killed_a_server_and_its_program_fit() {
    with_a_database(|| Book::new(true));
}

/// The cells of a guestbook.
fn with_a_database(anew: impl Fn() -> Book + Sync) {
    let mut homes = walk::homes(&anew);
    let all = told("PLIMSOLL_MATRIX").is_some_and(|part| part == "all");
    let cells = matrix::cells(&mut homes[0], &[Road::Live, Road::Undone], all);
    let tally = walk::all(&cells, homes, anew, all, |book, cell| cell::run(book, cell).0);
    eprintln!("{} cells: {tally}", cells.len());
    tally.assert_well();
    assert!(tally.missed().len() * FEW <= cells.len(), "nobody was killed in: {:#?}", tally.missed());
}

#[test]
fn whatever_happens_to_whom_all_is_well() {
    program::live_in_memory();
    let programs = program::versions();
    let number = |name, otherwise| told(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")));
    let first: u64 = number("PLIMSOLL_MATRIX_SEED", 1);
    let tells = told("PLIMSOLL_MATRIX_ROUNDS").is_some();
    let rounds: Vec<Round> = (first..first + number("PLIMSOLL_MATRIX_ROUNDS", ROUNDS)).map(Round::of).collect();
    let anew = || Scene::new(programs.path());
    let tally = walk::all(&rounds, walk::homes(anew), anew, tells, chance::play);
    eprintln!("{} rounds from seed {first} on: {tally}", rounds.len());
    tally.assert_well();
}

#[test]
fn the_binary_that_people_run_has_no_crash_points() {
    let read = |binary: &Path| String::from_utf8_lossy(&std::fs::read(binary).expect("the binary was built")).into_owned();
    let (with, ordinary) = (read(&program::with_crash_points()), read(&program::ordinary()));
    for text in ["crash-points.sock", "host: before ", "operator: before ", "proxy: before ", "keeper: before "] {
        assert!(with.contains(text), "{text:?} tells where crash points are");
        assert!(!ordinary.contains(text), "{text:?} is in {}", program::ordinary().display());
    }
}

fn told(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
