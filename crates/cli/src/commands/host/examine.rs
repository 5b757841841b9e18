//! `plimsoll host examine`: the host's end of looking after it. Started by `plimsoll host doctor`, not by people.

use std::io::{self, Read};
use std::process::ExitCode;

use plimsoll_model::deployment::Failure;
use plimsoll_ops::{Asked, OpError};

use crate::console::{self, Console};
use crate::{caller, keys, session};

/// Tell what this host sees of itself; what it is asked stands on standard input
#[derive(Debug, clap::Args)]
pub struct Examine {}

impl Examine {
    /// Tells it in one line.
    pub fn run(self) -> ExitCode {
        match examine() {
            Ok(line) => {
                console::print(&format!("{line}\n"));
                ExitCode::SUCCESS
            }
            Err(error) => {
                let failure = Failure { help: error.help, ..Failure::new(error.code, error.message) };
                console::tell(&plimsoll_connect::dial::line(&failure));
                ExitCode::FAILURE
            }
        }
    }
}

fn examine() -> Result<String, OpError> {
    let mut asked = String::new();
    // Who asks nothing more than what is there says nothing.
    let _ = io::stdin().read_to_string(&mut asked);
    let asked: Asked = serde_json::from_str(&asked).unwrap_or_default();
    let console = Console::machine();
    let context = caller::context(None, console, keys::ring(None, console))?;
    session::on_runtime(async { Ok(serde_json::to_string(&plimsoll_ops::examine(&context, &asked).await).expect("facts have strings for keys")) })
}
