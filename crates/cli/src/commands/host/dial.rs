//! `plimsoll host dial`: the host's end of a connection over SSH. Started by the operator's `ssh`, not by people.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use plimsoll_api::wire::SYSTEM_SOCKET;
use plimsoll_connect::{Daemon, dial};
use plimsoll_model::audit::Actor;
use plimsoll_model::deployment::{Failure, Holder};

use crate::console;
use crate::folders::Folders;
use crate::identity;

/// Join standard streams to the daemon of this machine, which is started when none runs
#[derive(Debug, clap::Args)]
pub struct Dial {}

impl Dial {
    /// Joins them until either side ends.
    pub fn run(self) -> ExitCode {
        match join() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                console::tell(&dial::line(&failure));
                ExitCode::FAILURE
            }
        }
    }
}

fn join() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
    // A folder that was named is meant, whoever else serves here.
    let machine = if std::env::var_os("PLIMSOLL_HOME").is_none() { dial::machine(Path::new(SYSTEM_SOCKET))? } else { None };
    let stream = match machine {
        Some(stream) => stream,
        None => runtime.block_on(own())?,
    };
    dial::join(stream, plain(&io::stdin())?, plain(&io::stdout())?).map_err(refused)
}

/// The daemon of this login.
async fn own() -> Result<UnixStream, Failure> {
    let daemon = daemon()?;
    // Whoever reaches a machine from afar deploys what others are to reach too.
    daemon.make_public().map_err(|error| error.to_failure())?;
    daemon.stream().await.map_err(|error| error.to_failure())
}

/// A copy of a standard stream's descriptor, not buffered by lines: what the daemon says is no text.
fn plain(stream: &impl AsFd) -> Result<File, Failure> {
    stream.as_fd().try_clone_to_owned().map(File::from).map_err(refused)
}

fn daemon() -> Result<Daemon, Failure> {
    let folders = Folders::find().ok_or_else(|| Failure::new("no-home", "there is no folder for the host's state: HOME is not set"))?;
    let holder = Holder { user: identity::user(), machine: identity::machine(), pid: std::process::id(), surface: "dial".into() };
    Ok(Daemon { exe: identity::exe().map_err(refused)?, home: folders.home, by: Actor::from(&holder) })
}

fn refused(error: io::Error) -> Failure {
    Failure::new("system", format!("the system does not let the host be reached: {error}"))
}
