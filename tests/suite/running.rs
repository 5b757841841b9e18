//! A command under way, known by the events that it tells: killed or interrupted at the one that a test waits for.

use std::io::{BufRead, BufReader, Lines, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use plimsoll_testkit::fixtures::Ran;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// A command under way that was given `--events`.
pub struct Running {
    child: Child,
    events: Lines<BufReader<ChildStdout>>,
    seen: Vec<String>,
}

impl Running {
    /// Starts it.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("plimsoll can be started");
        let events = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        Self { child, events, seen: Vec::new() }
    }

    /// Waits for the first event that has all of these values at these pointers.
    #[track_caller]
    pub fn until(&mut self, wanted: &[(&str, &str)]) -> Value {
        for line in self.events.by_ref() {
            let line = line.expect("what plimsoll prints is UTF-8");
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            self.seen.push(line);
            if wanted.iter().all(|(pointer, value)| event.pointer(pointer).is_some_and(|told| says(told, value))) {
                return event;
            }
        }
        panic!("none of its events was {wanted:?}:\n{}", self.seen.join("\n"))
    }

    /// Waits for the beginning of a phase of the first level.
    #[track_caller]
    pub fn until_phase(&mut self, phase: &str) {
        self.until(&[("/note", "phase"), ("/phase", phase)]);
    }

    /// Waits until it has told so many events.
    #[track_caller]
    pub fn skip(&mut self, events: usize) {
        for told in 0..events {
            let line = self.events.next().unwrap_or_else(|| panic!("it told {told} events"));
            self.seen.push(line.expect("what plimsoll prints is UTF-8"));
        }
    }

    /// How many events it tells when it is left to itself, which has to go well.
    #[track_caller]
    pub fn count(mut self) -> usize {
        self.seen.extend(self.events.by_ref().map(|line| line.expect("what plimsoll prints is UTF-8")));
        let lines = self.seen.len();
        let _ = self.finish().ended(0);
        lines - 1
    }

    /// Kills it (`SIGKILL`).
    pub fn kill(&mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }

    /// Interrupts it, as Ctrl-C does.
    pub fn interrupt(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("an id of a process is small")).expect("it has one");
        kill_process(pid, Signal::INT).expect("it is our child");
    }

    /// Waits for its end. Standard output is its last line: the answer.
    pub fn finish(mut self) -> Ran {
        self.seen.extend(self.events.by_ref().map(|line| line.expect("what plimsoll prints is UTF-8")));
        let mut stderr = String::new();
        self.child.stderr.take().expect("it is piped").read_to_string(&mut stderr).expect("what plimsoll prints is UTF-8");
        let code = self.child.wait().expect("it is our child").code();
        Ran { code, stdout: self.seen.pop().unwrap_or_default(), stderr }
    }
}

/// Whether a value is this text, or is written so.
fn says(value: &Value, text: &str) -> bool {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned) == text
}
