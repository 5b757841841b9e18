//! The binary `plimsoll`: the command line, and the processes that a host consists of.
//!
//! A thin skin: it reads arguments and surroundings, calls one operation of `plimsoll-ops`, and shows what comes of it. What
//! operations do, and what their answers hold, is decided there. The path of a command is the path of its file below `commands`.

mod answer;
mod args;
mod bug;
mod caller;
mod commands;
mod consent;
mod console;
mod editor;
mod folders;
mod hidden;
mod identity;
mod interrupt;
mod keys;
mod log;
mod mandate;
mod render;
mod screen;
mod session;
mod source;

use std::process::ExitCode;

/// Does what the arguments of this process say, and gives how it ended.
pub fn main() -> ExitCode {
    bug::guard(|| match args::parse() {
        Ok(args) => args.command.run(&args.globals),
        Err(end) => end,
    })
}
