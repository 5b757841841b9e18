//! `plimsoll host serve`: the daemon of this machine. Started on demand by whoever deploys, or by hand.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use listenfd::ListenFd;
use plimsoll_api::wire::{SYSTEM_FOLDER, SYSTEM_POLICY};
use plimsoll_host::daemon::{self, Door, Options};
use plimsoll_host::serve::Starter;
use plimsoll_host::supervise::Supervision;
use plimsoll_model::deployment::Failure;
use tokio::signal::unix::{SignalKind, signal};

use crate::folders::Folders;
use crate::{console, identity, log};

/// Variables that the programs of a host get, besides those that begin with `LC_`.
const PASSED_ON: [&str; 7] = ["HOME", "LANG", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"];

/// Be the daemon of this machine, until it is told to stop
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// The folder for all of its state
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Be the daemon of the whole machine, as systemd starts it: its socket is passed
    #[arg(long, conflicts_with = "folder")]
    system: bool,
    /// What runs slots; systemd takes root
    #[arg(long, value_enum, default_value_t, hide = true)]
    supervise: Supervise,
    /// Tells this build from others [default: read from the binary]
    #[arg(long, hide = true)]
    build: Option<String>,
    /// Leave the session of the starter, and tell it on standard output when it serves
    #[arg(long, hide = true)]
    detached: bool,
}

/// What runs slots.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Supervise {
    /// Keepers, as the daemon's own user
    #[default]
    Builtin,
    /// Units of systemd, each component as a user of its own
    Systemd,
}

impl Supervise {
    fn supervision(self) -> Supervision {
        match self {
            Self::Builtin => Supervision::Builtin,
            Self::Systemd => Supervision::Systemd,
        }
    }
}

impl Serve {
    /// Is the daemon, until it is told to stop.
    pub fn run(self) -> ExitCode {
        match self.serve() {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                console::tell(&format!("error: {failure}"));
                if let Some(help) = &failure.help {
                    console::tell(&format!("help: {help}"));
                }
                ExitCode::FAILURE
            }
        }
    }

    fn serve(self) -> Result<(), Failure> {
        let door = if self.system { Door::Passed(passed()?) } else { Door::Own };
        let starter = if self.detached { Starter::leave().map_err(refused)? } else { Starter::nobody() };
        let options = match self.options() {
            Ok(options) => options,
            Err(failure) => {
                starter.failed(&failure);
                return Err(failure);
            }
        };
        log::to_files(&options.folder.join("logs"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(refused)?;
        runtime.block_on(async {
            let stop = told_to_stop().map_err(refused)?;
            daemon::run(options, door, starter, stop).await
        })
    }

    fn options(self) -> Result<Options, Failure> {
        let exe = identity::exe().map_err(refused)?;
        let build = self.build.map_or_else(|| plimsoll_connect::build_id(&exe).map_err(|error| error.to_failure()), Ok)?;
        let system = self.system.then(|| PathBuf::from(SYSTEM_FOLDER));
        let folder = system.or(self.folder).or_else(|| Folders::find().map(|folders| folders.home)).ok_or_else(nowhere)?;
        let folder = absolute(&folder)?;
        let supervision = if self.system { Supervise::Systemd } else { self.supervise }.supervision();
        let policy = if self.system { PathBuf::from(SYSTEM_POLICY) } else { policy(&folder) };
        Ok(Options { folder, exe, build, env: passed_on(), user: identity::user(), supervision, policy })
    }
}

/// The socket that systemd listens on for us.
fn passed() -> Result<UnixListener, Failure> {
    let passed = ListenFd::from_env().take_unix_listener(0).map_err(refused)?;
    passed.ok_or_else(|| {
        Failure::new("no-socket", "no socket was passed")
            .with_help("systemd starts this daemon: systemctl start plimsoll.socket; without --system it needs none")
    })
}

/// The policy file of the host with this folder: beside other configuration of the user, or in the folder when that is nobody's home.
fn policy(folder: &Path) -> PathBuf {
    let own = Folders::find().filter(|folders| folders.home == folder);
    own.map_or_else(|| folder.to_owned(), |folders| folders.config).join("host.toml")
}

fn passed_on() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| PASSED_ON.contains(&name.as_str()) || name.starts_with("LC_"))
        .collect()
}

/// Resolves when a signal asks the daemon to end.
fn told_to_stop() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

fn absolute(folder: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(folder).map_err(|error| Failure::new("folder-unusable", format!("cannot find {}: {error}", folder.display())))
}

fn nowhere() -> Failure {
    Failure::new("no-home", "there is no folder for the host's state: HOME is not set")
        .with_help("set HOME or PLIMSOLL_HOME, or name one with --folder")
}

fn refused(error: io::Error) -> Failure {
    Failure::new("system", format!("the system does not let the daemon start: {error}"))
}
