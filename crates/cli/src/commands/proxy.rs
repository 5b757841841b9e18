//! `plimsoll proxy --folder DIR`: the data plane, a process of its own. Started by the daemon, not by people.

use std::path::PathBuf;
use std::process::ExitCode;

use plimsoll_proxy::Options;

use crate::{console, log};

/// Route requests
#[derive(Debug, clap::Args)]
pub struct Proxy {
    /// The folder of its control socket and its routes
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
}

impl Proxy {
    /// Routes requests until it is told to stop.
    pub fn run(self) -> ExitCode {
        log::to_keeper();
        match plimsoll_proxy::run(Options::from_environment(self.folder)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                console::tell(&format!("error: {error}"));
                ExitCode::FAILURE
            }
        }
    }
}
