//! `plimsoll host visit`: the server's end of setting it up. Started by `plimsoll host provision`, not by people.

use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use plimsoll_api::wire::SYSTEM_FOLDER;
use plimsoll_connect::dial;
use plimsoll_host::folders::Folders;
use plimsoll_keeper::Keeper;
use plimsoll_model::deployment::Failure;
use plimsoll_provision::{self as provision, Machine, ThisMachine, Wishes};

use crate::{console, identity};

/// How long the proxy may take to finish requests, in milliseconds.
const GRACE_MS: u64 = 10_000;

/// Do one part of setting this server up; what it shall be stands on standard input
#[derive(Debug, clap::Args)]
pub struct Visit {
    /// Which part
    #[arg(value_parser = part)]
    part: provision::Visit,
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
            provision::Visit::Look | provision::Visit::Open | provision::Visit::Close => read()?,
            provision::Visit::Keep | provision::Visit::Back | provision::Visit::Undo => Wishes::default(),
        };
        if matches!(self.part, provision::Visit::Undo) {
            end_everything()?;
        }
        let exe = identity::exe().map_err(|error| Failure::new("system", format!("the running program cannot be found: {error}")))?;
        let sudoer = std::env::var("SUDO_USER").ok().filter(|login| login != "root");
        let mut machine = ThisMachine::new(exe);
        provision::visit(&mut machine, self.part, &wishes, sudoer, |line| {
            console::print(&format!("{}\n", serde_json::to_string(&line).expect("a line is made of strings")));
        })
    }
}

/// Ends daemon, slots and proxy, and forgets what they knew. What programs have stored in their own folders stays.
fn end_everything() -> Result<(), Failure> {
    let folders = Folders::new(SYSTEM_FOLDER);
    let told = |what: &str, why: String| Failure::new("not-ended", format!("{what} cannot be ended: {why}"));
    let mut machine = ThisMachine::new(PathBuf::new());
    for line in ["systemctl stop plimsoll.socket plimsoll.service", "systemctl stop plimsoll-*.*.*.service"] {
        let ran = machine.run(&provision::Command::new(line));
        // Where it was removed half way there is nothing to be stopped any more.
        if !ran.well && !ran.errors.contains("not loaded") {
            return Err(told("the daemon and its slots", ran.errors));
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| told("the proxy", error.to_string()))?;
    runtime
        .block_on(async {
            let keeper = Keeper::attach(&folders.proxy().join("keeper")).await?;
            match keeper {
                Some(keeper) => keeper.stop(GRACE_MS).await.map(drop),
                None => Ok(()),
            }
        })
        .map_err(|error| told("the proxy", error.to_string()))?;
    match std::fs::remove_dir_all(folders.root()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(told("what the daemon knew", error.to_string())),
        _ => Ok(()),
    }
}

/// By the word that stands for it wherever it is written.
fn part(word: &str) -> Result<provision::Visit, serde_json::Error> {
    serde_json::from_value(word.into())
}

fn read() -> Result<Wishes, Failure> {
    let mut text = String::new();
    let read = io::stdin().read_to_string(&mut text).map_err(|error| error.to_string());
    let wishes = read.and_then(|_| serde_json::from_str(&text).map_err(|error| error.to_string()));
    wishes.map_err(|error| Failure::new("wishes-unfit", format!("what this server shall be cannot be read: {error}")))
}
