//! `plimsoll host visit`: the server's end of setting it up. Started by `plimsoll host provision`, not by people.

use std::io::{self, Read};
use std::process::ExitCode;

use clap::ValueEnum;
use plimsoll_connect::dial;
use plimsoll_model::deployment::Failure;
use plimsoll_provision::{self as provision, ThisMachine, Wishes};

use crate::{console, identity};

/// Do one part of setting this server up; what it shall be stands on standard input
#[derive(Debug, clap::Args)]
pub struct Visit {
    /// Which part
    part: Part,
}

/// A part of setting a server up.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    /// Tell what every measure says
    Look,
    /// Do what locks nobody out
    Open,
    /// Do the rest, until a timer takes it back
    Close,
    /// Keep what was closed
    Keep,
    /// Take back what was closed
    Back,
    /// Undo everything that was ever done
    Undo,
}

impl Visit {
    /// Does it, telling what happens line by line.
    pub fn run(self) -> ExitCode {
        match self.visit() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                console::tell(&dial::line(&failure));
                ExitCode::FAILURE
            }
        }
    }

    fn visit(self) -> Result<(), Failure> {
        let wishes = match self.part {
            Part::Look | Part::Open | Part::Close => read()?,
            Part::Keep | Part::Back | Part::Undo => Wishes::default(),
        };
        let exe = identity::exe().map_err(|error| Failure::new("system", format!("the running program cannot be found: {error}")))?;
        let sudoer = std::env::var("SUDO_USER").ok().filter(|login| login != "root");
        let mut machine = ThisMachine::new(exe);
        provision::visit(&mut machine, self.part.into(), &wishes, sudoer, |line| {
            console::print(&format!("{}\n", serde_json::to_string(&line).expect("a line is made of strings")));
        })
    }
}

fn read() -> Result<Wishes, Failure> {
    let mut text = String::new();
    let read = io::stdin().read_to_string(&mut text).map_err(|error| error.to_string());
    let wishes = read.and_then(|_| serde_json::from_str(&text).map_err(|error| error.to_string()));
    wishes.map_err(|error| Failure::new("wishes-unfit", format!("what this server shall be cannot be read: {error}")))
}

impl From<Part> for provision::Visit {
    fn from(part: Part) -> Self {
        match part {
            Part::Look => Self::Look,
            Part::Open => Self::Open,
            Part::Close => Self::Close,
            Part::Keep => Self::Keep,
            Part::Back => Self::Back,
            Part::Undo => Self::Undo,
        }
    }
}
