//! Where this process talks: data goes to standard output, all else to standard error.
//!
//! Texts come with colours; they are taken out where a stream is no terminal or `NO_COLOR` says so. That nobody reads what is
//! written is no trouble: the work goes on, and how it ended is said by the exit code.

use std::io::{IsTerminal, Write};

use anstream::AutoStream;
use plimsoll_ops::Answer;
use serde::Serialize;

/// How to talk.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Manner {
    /// Answer with one JSON document on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Write what happens as it happens, one JSON document a line; the last one is the answer
    #[arg(long, global = true)]
    pub events: bool,
    /// Show the log as it is written
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// The streams of this process, used in one manner.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// How to talk.
    pub manner: Manner,
}

impl Console {
    /// One that talks to a program.
    pub fn machine() -> Self {
        Self { manner: Manner { json: true, ..Manner::default() } }
    }

    /// Whether a program listens: then people are told nothing but what `--verbose` shows.
    pub fn serves_machine(self) -> bool {
        self.manner.json || self.manner.events
    }

    /// Whether there is a person who sees what is written and can answer.
    pub fn can_ask(self) -> bool {
        self.can_draw() && std::io::stdin().is_terminal()
    }

    /// Whether what is written may be overwritten, as live progress does.
    pub fn can_animate(self) -> bool {
        self.can_draw() && !self.manner.verbose && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Whether a person reads what is written on a terminal.
    pub fn can_draw(self) -> bool {
        !self.serves_machine() && std::io::stderr().is_terminal()
    }

    /// Writes the document that ends a command.
    pub fn answer(self, answer: &Answer) {
        let whole = !self.manner.events && std::io::stdout().is_terminal();
        let document = if whole { serde_json::to_string_pretty(answer) } else { serde_json::to_string(answer) };
        print(&document.expect("made of values that came out of JSON"));
    }

    /// Writes one of several documents, each on its line.
    pub fn line(self, document: &impl Serialize) {
        print(&serde_json::to_string(document).expect("events are made of strings, numbers and maps with string keys"));
    }
}

/// Writes lines on standard output; nothing when there are none.
pub fn print(text: &str) {
    if text.is_empty() {
        return;
    }
    let _ = writeln!(AutoStream::auto(std::io::stdout().lock()), "{}", text.trim_end_matches('\n'));
}

/// Writes lines on standard error; nothing when there are none.
pub fn tell(text: &str) {
    if text.is_empty() {
        return;
    }
    let _ = writeln!(AutoStream::auto(std::io::stderr().lock()), "{}", text.trim_end_matches('\n'));
}

/// Writes the beginning of a line on standard error.
pub fn prompt(text: &str) {
    let mut out = AutoStream::auto(std::io::stderr().lock());
    let _ = write!(out, "{text}").and_then(|()| out.flush());
}
