//! Finding out what a host is, on the host itself. Nothing is judged here, and nothing is changed; no daemon is started.

mod daemon;
mod system;

use std::path::PathBuf;

use plimsoll_api::HostApi;
use plimsoll_model::deployment::Failure;
use plimsoll_model::time::Moment;
use plimsoll_provision::Machine;

use crate::{Asked, Daemon, Facts, Mode};

/// Where on the host.
#[derive(Debug, Clone)]
pub struct Place {
    /// Whether the host serves the whole machine.
    pub mode: Mode,
    /// The folder that holds all of its state.
    pub folder: PathBuf,
    /// The time there.
    pub at: Moment,
}

/// Finds out what can be seen. `daemon` is the one that runs there, if one does, or why it cannot be asked.
pub async fn gather(machine: &mut impl Machine, place: Place, daemon: Result<Option<&dyn HostApi>, Failure>, asked: &Asked) -> Facts {
    let mut facts = system::look(machine, &place);
    match daemon {
        Err(failure) => facts.daemon = Daemon::Fails(failure),
        // Its lock file stays when it ends.
        Ok(None) => facts.daemon = if place.folder.join("host.lock").exists() { Daemon::Rests } else { Daemon::Absent },
        Ok(Some(host)) => daemon::ask(host, asked, &mut facts).await,
    }
    if let Daemon::Answers(daemon) = &facts.daemon {
        facts.open_files = system::open_files(machine, daemon.proxy_pid.unwrap_or(daemon.pid));
    }
    facts
}
