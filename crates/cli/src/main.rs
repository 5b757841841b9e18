//! The binary `plimsoll`: the command line, and the processes that a host consists of.
//!
//! A thin skin: it reads arguments and surroundings, calls one operation of `plimsoll-ops`, and shows what comes of it. What
//! operations do, and what their answers hold, is decided there. The path of a command is the path of its file below `commands`.

mod args;
mod bug;
mod commands;
mod console;
mod folders;
mod identity;
mod log;

use std::process::ExitCode;

fn main() -> ExitCode {
    bug::guard(|| match args::parse() {
        Ok(args) => args.command.run(),
        Err(end) => end,
    })
}
