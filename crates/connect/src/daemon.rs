//! The daemon of this machine: found, started when it is needed, replaced when it is of another build.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_api::{Facts, HostApi, HostError};
use plimsoll_model::HostName;
use plimsoll_model::audit::Actor;
use tokio::net::UnixStream;

use crate::former::Former;
use crate::{Client, ConnectError, door, socket, start};

/// The daemon of this machine, in user mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// The program to start: `EXE host serve --folder HOME --build BUILD --detached`.
    pub exe: PathBuf,
    /// The folder that holds all of its state.
    pub home: PathBuf,
    /// Who is asking: what the audit log says when a daemon is ended for it.
    pub by: Actor,
}

/// How long a daemon that ends may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often to begin anew when others start and stop daemons beside us.
const TRIES: usize = 5;

impl Daemon {
    /// A client of the daemon. When none answers, it is started; when one of another build does, it is replaced, unless its version is
    /// newer (it serves older clients, and an older daemon may not read its ledger) or a deployment is under way; when the new one does not start, the one before is started again. Of several that call this at once, one starts the daemon and the others wait for it.
    /// The client starts it again when it is killed later.
    ///
    /// # Errors
    /// What the daemon says that keeps it from serving, or why it cannot be started or reached.
    pub async fn connect(&self) -> Result<Client, ConnectError> {
        let build = build_id(&self.exe)?;
        if self.serves(&build).await? {
            return Ok(Client::kept(self.clone()));
        }
        start::make(&self.home)?;
        let _door = door::door(self.home.join("start.lock")).await?;
        for _ in 0..TRIES {
            if self.serves(&build).await? {
                return Ok(Client::kept(self.clone()));
            }
            let former = self.make_room().await?;
            match start::start(&self.exe, &self.home()?, &build).await {
                Ok(()) => return Ok(Client::kept(self.clone())),
                // Someone else's daemon came first, started by hand or by the machine.
                Err(ConnectError::NotStarted(failure)) if failure.code == "already-running" => {}
                Err(error) => return Err(self.back_to(former, error).await),
            }
        }
        Err(ConnectError::Silent { home: self.home.clone() })
    }

    /// A socket of the daemon that [`Daemon::connect`] finds or starts, for who passes on what others say.
    ///
    /// # Errors
    /// As there.
    pub async fn stream(&self) -> Result<std::os::unix::net::UnixStream, ConnectError> {
        self.connect().await?;
        let path = self.socket();
        let blocking = async {
            let stream = socket::connect(&path).await?.into_std()?;
            stream.set_nonblocking(false).map(|()| stream)
        };
        blocking.await.map_err(ConnectError::io("connect to", &path))
    }

    /// Says that this machine serves others: from the next start of its proxy on, ports are opened on all of its addresses.
    ///
    /// # Errors
    /// Its folder cannot be written.
    pub fn make_public(&self) -> Result<(), ConnectError> {
        let mark = self.home.join("public");
        if mark.exists() {
            return Ok(());
        }
        start::make(&self.home)?;
        plimsoll_durable::replace(&mark, b"").map_err(ConnectError::io("write", &mark))
    }

    /// A client of the daemon if one answers, whatever its build. None is started.
    ///
    /// # Errors
    /// There is one, and it cannot be reached or refuses us.
    pub async fn find(&self) -> Result<Option<Client>, ConnectError> {
        Ok(self.answering().await?.map(|(client, _)| client))
    }

    /// Waits until the daemon that was told to stop has ended.
    ///
    /// # Errors
    /// It goes on for far longer than it may.
    pub async fn ended(&self) -> Result<(), ConnectError> {
        match door::free(self.home.join("host.lock"), PATIENCE).await? {
            true => Ok(()),
            false => Err(ConnectError::Silent { home: self.home.clone() }),
        }
    }

    /// Whether a daemon that was killed has left slots or a proxy behind: their keepers have sockets as long as they live.
    #[must_use]
    pub fn has_left_something(&self) -> bool {
        let within = |folders: Vec<PathBuf>| -> Vec<PathBuf> {
            folders.iter().filter_map(|folder| folder.read_dir().ok()).flatten().filter_map(|entry| Some(entry.ok()?.path())).collect()
        };
        let environments = within(within(vec![self.home.join("environments")]));
        let slots = within(environments.iter().map(|environment| environment.join("slots")).collect());
        slots.into_iter().chain([self.home.join("proxy/keeper")]).any(|keeper| keeper.join("keeper.sock").exists())
    }

    /// A connection to the daemon, which is started when nobody listens any more. Unlike [`Daemon::connect`] it asks nothing, and
    /// does not mind which build answers.
    pub(crate) async fn start_again(&self) -> Result<UnixStream, ConnectError> {
        let _door = door::door(self.home.join("start.lock")).await?;
        let path = self.socket();
        match socket::connect(&path).await {
            Err(error) if socket::nobody_there(&error) => {}
            stream => return stream.map_err(ConnectError::io("connect to", &path)),
        }
        start::start(&self.exe, &self.home()?, &build_id(&self.exe)?).await?;
        socket::connect(&path).await.map_err(ConnectError::io("connect to", &path))
    }

    /// Whether a daemon answers that can stay.
    async fn serves(&self, build: &str) -> Result<bool, ConnectError> {
        let fits = |(_, facts): &(Client, Facts)| facts.build == build || facts.busy || is_newer(&facts.version, env!("CARGO_PKG_VERSION"));
        Ok(self.answering().await?.is_some_and(|answering| fits(&answering)))
    }

    async fn answering(&self) -> Result<Option<(Client, Facts)>, ConnectError> {
        let path = self.socket();
        let stream = match socket::connect(&path).await {
            Ok(stream) => stream,
            Err(error) if socket::nobody_there(&error) => return Ok(None),
            Err(error) => return Err(ConnectError::io("connect to", &path)(error)),
        };
        let Some(client) = unless_gone(Client::over(stream, HostName::local(), path).await)? else { return Ok(None) };
        Ok(unless_gone(client.facts().await)?.map(|facts| (client, facts)))
    }

    /// Ends the daemon that is there, if there is one; slots and proxy go on. Answers its program.
    async fn make_room(&self) -> Result<Option<Former>, ConnectError> {
        let mut former = None;
        if let Some((client, facts)) = self.answering().await? {
            former = Former::keep(&self.home, &facts).await;
            unless_gone(client.stop(false, &self.by).await)?;
        }
        self.ended().await.map(|()| former)
    }

    /// What an upgrade came to that has failed with `error`: the daemon of before is started again.
    async fn back_to(&self, former: Option<Former>, error: ConnectError) -> ConnectError {
        let Some(former) = former else { return error };
        let again = async { former.start(&self.home()?).await }.await;
        ConnectError::NotReplaced { why: error.to_failure(), again: again.map_err(|error| error.to_failure()) }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.home.join("host.sock")
    }

    fn home(&self) -> Result<PathBuf, ConnectError> {
        std::path::absolute(&self.home).map_err(ConnectError::io("find", &self.home))
    }
}

/// Whether a version is newer than another: their numbers are compared one by one.
#[must_use]
pub fn is_newer(version: &str, than: &str) -> bool {
    let numbers = |version: &str| -> Vec<u64> { version.split(['.', '-', '+']).map_while(|number| number.parse().ok()).collect() };
    numbers(version) > numbers(than)
}

/// Tells one build of a program from another, by its file: size and time of change.
///
/// # Errors
/// There is no such file.
pub fn build_id(exe: &Path) -> Result<String, ConnectError> {
    let file = std::fs::metadata(exe).map_err(ConnectError::io("find", exe))?;
    Ok(plimsoll_api::build_id(file.len(), (file.mtime(), file.mtime_nsec())))
}

/// A daemon that is about to end answers no more: that is as good as none.
fn unless_gone<T>(answer: Result<T, HostError>) -> Result<Option<T>, ConnectError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(HostError::Unreachable { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        let check = |version: &str, than: &str, expect: bool| assert_eq!(is_newer(version, than), expect, "{version} {than}");
        check("0.1.0", "0.1.0", false);
        check("0.1.1", "0.1.0", true);
        check("0.10.0", "0.9.9", true);
        check("1.0.0", "0.9.9", true);
        check("0.9.9", "1.0.0", false);
        check("0.2.0-rc.1", "0.1.0", true);
        check("nonsense", "0.1.0", false);
    }
}
