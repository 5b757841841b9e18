//! `plimsoll proxy --folder DIR`: the data plane, a process of its own. Started by the daemon, not by people.

use std::path::PathBuf;
use std::process::ExitCode;

use plimsoll_proxy::{Addresses, Options};

use crate::{console, log};

/// Route requests
#[derive(Debug, clap::Args)]
pub struct Proxy {
    /// The folder of its control socket and its routes
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// Open ports on this machine's own addresses alone
    #[arg(long)]
    loopback: bool,
}

impl Proxy {
    /// Routes requests until it is told to stop.
    pub fn run(self) -> ExitCode {
        log::to_keeper();
        let options = Options::from_environment(self.folder);
        let addresses = if self.loopback { Addresses::loopback() } else { options.addresses.clone() };
        match plimsoll_proxy::run(Options { addresses, ..options }) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                console::tell(&format!("error: {error}"));
                ExitCode::FAILURE
            }
        }
    }
}
