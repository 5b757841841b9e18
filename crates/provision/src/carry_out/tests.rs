//! Deeds on a server that remembers what was done to it.

use std::collections::BTreeMap;
use std::io;

use super::*;
use crate::measures::Stage;
use crate::{Command, Ran};

/// A server that remembers what was done to it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Fake {
    files: BTreeMap<String, (Vec<u8>, u32)>,
    ran: Vec<String>,
    /// Commands that fail.
    fails: Vec<String>,
}

impl Machine for Fake {
    fn run(&mut self, command: &Command) -> Ran {
        self.ran.push(command.to_string());
        let well = !self.fails.contains(&command.to_string());
        Ran { well, output: String::new(), errors: if well { String::new() } else { "it says why\n".into() } }
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.files.get(path).map(|(content, _)| content.clone()))
    }

    fn mode(&self, path: &str) -> Option<u32> {
        self.files.get(path).map(|(_, mode)| *mode)
    }

    fn write(&mut self, path: &str, content: &[u8], mode: u32, _: &Owner) -> io::Result<()> {
        self.files.insert(path.into(), (content.to_vec(), mode));
        Ok(())
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        self.files.remove(path);
        Ok(())
    }

    fn install(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        self.write(path, content, 0o755, &Owner::Root)
    }

    fn own_program(&self) -> io::Result<Vec<u8>> {
        Ok(b"new".to_vec())
    }
}

impl Fake {
    /// Everything but the book.
    fn contents(&self) -> BTreeMap<&str, &str> {
        let all = self.files.iter().filter(|(path, _)| !path.ends_with("book.json"));
        all.map(|(path, (content, _))| (path.as_str(), std::str::from_utf8(content).unwrap())).collect()
    }
}

fn judged(measure: &str, deeds: Vec<Deed>) -> Judged {
    Judged { measure: measure.into(), stage: Stage::Open, verdict: Verdict::Do { what: "what".into(), deeds } }
}

/// Measures and what was wrong with them.
type Ended = Vec<(String, Option<String>)>;

fn done(machine: &mut Fake, judged: &[Judged]) -> (Result<(), String>, Ended) {
    let mut told = Vec::new();
    let ended = carry_out(machine, judged, |one| told.push((one.measure, one.trouble)));
    (ended, told)
}

#[test]
fn what_was_done_is_undone_in_reverse_to_the_byte() {
    let mut machine = Fake::default();
    machine.files.insert("/etc/a".into(), (b"old\xff".to_vec(), 0o640));
    let before = machine.files.clone();
    let deeds =
        vec![Deed::undoable("first", "first back"), Deed::file("/etc/a", "new"), Deed::file("/etc/b", "b"), Deed::undoable("last", "last back")];
    assert_eq!(done(&mut machine, &[judged("m", deeds)]), (Ok(()), vec![("m".into(), None)]));
    assert_eq!(machine.contents(), BTreeMap::from([("/etc/a", "new"), ("/etc/b", "b")]));
    machine.ran.clear();
    undo(&mut machine, &["other"], HowFar::AllTheWay).unwrap();
    assert!(machine.ran.is_empty());
    undo(&mut machine, &["m"], HowFar::AllTheWay).unwrap();
    assert_eq!(machine.ran, ["last back", "first back"]);
    machine.files.retain(|path, _| !path.ends_with("book.json"));
    assert_eq!(machine.files, before);
    undo(&mut machine, &["m"], HowFar::AllTheWay).unwrap();
    assert_eq!(machine.ran.len(), 2, "what is undone is not undone again");
}

#[test]
fn the_last_run_is_undone_alone_or_all_of_them() {
    let mut machine = Fake::default();
    for content in ["one", "two"] {
        done(&mut machine, &[judged("m", vec![Deed::file("/etc/a", content)])]).0.unwrap();
    }
    let both = machine.clone();
    undo(&mut machine, &["m"], HowFar::LastRun).unwrap();
    assert_eq!(machine.contents()["/etc/a"], "one");
    machine = both;
    undo(&mut machine, &["m"], HowFar::AllTheWay).unwrap();
    assert!(machine.contents().is_empty());
}

#[test]
fn a_measure_that_fails_is_undone_and_those_before_it_stay() {
    let mut machine = Fake { fails: vec!["b2".into()], ..Fake::default() };
    let measures = [
        judged("a", vec![Deed::file("/a", "a")]),
        judged("b", vec![Deed::file("/b", "b"), Deed::undoable("b1", "b1 back"), Deed::undoable("b2", "b2 back"), Deed::run("b3")]),
        judged("c", vec![Deed::file("/c", "c")]),
    ];
    let (ended, told) = done(&mut machine, &measures);
    assert_eq!(ended.unwrap_err(), "`b2` failed: it says why");
    assert_eq!(told, [("a".into(), None), ("b".into(), Some("`b2` failed: it says why".into()))]);
    assert_eq!(machine.contents(), BTreeMap::from([("/a", "a")]));
    assert_eq!(machine.ran, ["b1", "b2", "b2 back", "b1 back"], "what failed may have been done");
}

#[test]
fn what_cannot_be_undone_is_told_and_stays_in_the_book() {
    let mut machine = Fake { fails: vec!["back".into()], ..Fake::default() };
    done(&mut machine, &[judged("m", vec![Deed::file("/a", "a"), Deed::undoable("there", "back")])]).0.unwrap();
    assert!(undo(&mut machine, &["m"], HowFar::AllTheWay).unwrap_err().contains("`back` failed"));
    assert!(machine.contents().is_empty(), "the rest is undone");
    machine.fails.clear();
    undo(&mut machine, &["m"], HowFar::AllTheWay).unwrap();
    assert_eq!(machine.ran, ["there", "back", "back"]);
}

#[test]
fn the_program_of_before_is_kept() {
    let mut machine = Fake::default();
    machine.files.insert(PROGRAM.into(), (b"old".to_vec(), 0o755));
    for _ in 0..2 {
        done(&mut machine, &[judged("program", vec![Deed::Program])]).0.unwrap();
        let previous = format!("{PROGRAM}.previous");
        assert_eq!(machine.contents(), BTreeMap::from([(PROGRAM, "new"), (previous.as_str(), "old")]));
    }
}

#[test]
fn a_book_of_a_newer_version_is_not_touched() {
    let mut machine = Fake::default();
    done(&mut machine, &[judged("m", vec![Deed::file("/a", "a")])]).0.unwrap();
    let (path, (content, mode)) = machine.files.iter().find(|(path, _)| path.ends_with("book.json")).map(|(p, f)| (p.clone(), f.clone())).unwrap();
    let newer = String::from_utf8(content).unwrap().replace("\"version\":1", "\"version\":2");
    machine.files.insert(path, (newer.into_bytes(), mode));
    let before = machine.clone();
    assert!(done(&mut machine, &[judged("m", vec![Deed::file("/a", "b")])]).0.unwrap_err().contains("newer plimsoll"));
    assert_eq!(machine, before);
}
