//! What happens when Plimsoll itself is wrong: a short message and exit code 70.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;

use plimsoll_ops::Answer;
use serde_json::json;

use crate::console::Console;
use crate::{args, console, log};

/// The exit code of a bug in Plimsoll.
const EXIT: u8 = 70;

const HELP: &str = "please report it; RUST_BACKTRACE=1 shows where it comes from";

/// Runs `work`; a panic in it ends it with exit code 70. A panic is told in one line, wherever in the process it happens; with
/// `RUST_BACKTRACE` it is told as Rust does.
pub fn guard(work: impl FnOnce() -> ExitCode) -> ExitCode {
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(tell));
    }
    // Nothing that `work` has touched is used after it.
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        if args::document_wanted() {
            Console::machine().answer(&Answer {
                success: false,
                code: "bug".into(),
                details: json!({ "log": log::current() }),
                help: Some(HELP.into()),
            });
        }
        ExitCode::from(EXIT)
    })
}

fn tell(info: &PanicHookInfo<'_>) {
    let what = info.payload_as_str().unwrap_or("no reason given");
    let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
    tracing::error!("bug: {what}{place}");
    console::tell(&format!("error: this is a bug in Plimsoll: {what}{place}"));
    if let Some(log) = log::current() {
        console::tell(&format!("log: {}", log.display()));
    }
    console::tell(&format!("help: {HELP}"));
}
