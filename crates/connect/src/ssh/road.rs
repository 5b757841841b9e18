//! The road to one host: each call of `ssh`, tried again while that may help.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plimsoll_model::HostName;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::OnceCell;

use super::arguments::{Call, Sharing};
use super::fault::{self, Fault};
use super::settings::Settings;
use super::{Session, Ssh};

/// Pauses before trying again what may pass.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// How a host is reached.
pub(crate) struct Road {
    ssh: Ssh,
    host: HostName,
    settings: OnceCell<Settings>,
    /// A private key to be let in by; then no connection is shared.
    key: Option<PathBuf>,
}

/// How a call is made, which differs from try to try.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Try {
    /// Somebody may be asked: the host has said no to what was tried without.
    pub asks: bool,
    /// Not over a connection that was kept: it may be what is broken.
    fresh: bool,
}

impl Road {
    /// The road to `host`.
    pub fn new(ssh: Ssh, host: HostName) -> Self {
        Self { ssh, host, settings: OnceCell::new(), key: None }
    }

    /// The same, by a private key and over connections of its own.
    pub fn by_key(self, key: &Path) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    /// The address that the host's name stands for in the configuration of `ssh`.
    pub async fn address(&self) -> Result<String, Fault> {
        let settings = self.settings().await?;
        settings.address.clone().ok_or_else(|| Fault::Configuration("it tells no address".into()))
    }

    /// Starts `command` on the host.
    pub async fn start(&self, command: &str, how: Try) -> Result<Session, Fault> {
        let sharing = if how.fresh || self.key.is_some() { Sharing::Nobody } else { self.sharing().await? };
        Session::start(self.call(how, sharing).run(command), how.asks)
    }

    /// Runs `command` on the host to its end, and gives what it wrote.
    pub async fn run(&self, command: &str) -> Result<String, Fault> {
        self.tried(|how| async move { finish(self.start(command, how).await?).await }).await
    }

    /// The same over a connection of its own.
    pub async fn run_fresh(&self, command: &str) -> Result<String, Fault> {
        self.tried(|how| async move { finish(self.start(command, Try { fresh: true, ..how }).await?).await }).await
    }

    /// The fingerprint of the key that opens the host, over a connection of its own; none when it is opened without a key.
    pub async fn opened_by(&self) -> Result<Option<String>, Fault> {
        self.tried(|how| async move {
            let mut arguments = self.call(how, Sharing::Nobody).run("true");
            arguments.insert(0, "-v".into());
            let Session { mut input, output: _output, end } = Session::start(arguments, how.asks)?;
            // It may have ended without wanting to be told anything.
            let _ = input.shutdown().await;
            let ended = end.wait().await;
            if ended.status == Some(0) { Ok(fault::accepted(&ended.said)) } else { Err(Fault::judge(&ended)) }
        })
        .await
    }

    /// Runs `command` on the host, which is told `input`, and hands on each line that it writes as it comes. It is not tried again: it may
    /// have done something.
    pub async fn talk(&self, command: &str, input: &[u8], mut line: impl FnMut(String)) -> Result<(), Fault> {
        let Session { input: mut into, output, end } = self.start(command, Try::default()).await?;
        // A program that refuses has its reasons, and tells them.
        let _ = into.write_all(input).await;
        let _ = into.shutdown().await;
        drop(into);
        let mut lines = BufReader::new(output).lines();
        while let Ok(Some(said)) = lines.next_line().await {
            line(said);
        }
        let ended = end.wait().await;
        if ended.status == Some(0) { Ok(()) } else { Err(Fault::judge(&ended)) }
    }

    /// Runs `command` on the host, which reads the file at `path` from its standard input.
    pub async fn bring(&self, command: &str, path: &Path) -> Result<(), Fault> {
        let give = |how| async move {
            let Session { mut input, end, output: _output } = self.start(command, how).await?;
            let unreadable = |error: std::io::Error| Fault::Other(format!("{} cannot be read: {error}", path.display()));
            let mut file = tokio::fs::File::open(path).await.map_err(unreadable)?;
            // A program that refuses has its reasons, and tells them: that it does not read any more is none.
            let _ = tokio::io::copy(&mut file, &mut input).await;
            let _ = input.shutdown().await;
            drop(input);
            let ended = end.wait().await;
            if ended.status == Some(0) { Ok(()) } else { Err(Fault::judge(&ended)) }
        };
        self.tried(give).await
    }

    /// Tries until it works, fails for good, or has failed too often.
    pub async fn tried<T, F: Future<Output = Result<T, Fault>>>(&self, work: impl Fn(Try) -> F) -> Result<T, Fault> {
        let (mut how, mut pauses) = (Try::default(), PAUSES.into_iter());
        loop {
            let fault = match work(how).await {
                Ok(done) => return Ok(done),
                Err(fault) => fault,
            };
            if matches!(fault, Fault::TimedOut(_)) {
                // That took long enough: it is tried once more, and not twice.
                pauses.next();
            }
            match pauses.next() {
                Some(pause) if fault.passes() => {
                    tokio::time::sleep(pause).await;
                    how.fresh = true;
                }
                _ if fault.can_be_asked() && self.ssh.asks && !how.asks => how.asks = true,
                _ => return Err(self.explained(fault).await),
            }
        }
    }

    /// Asks `ssh` to tell more where its own words are too few.
    async fn explained(&self, fault: Fault) -> Fault {
        if !matches!(fault, Fault::Denied(_)) {
            return fault;
        }
        let mut arguments = self.call(Try::default(), Sharing::Nobody).run("true");
        arguments.insert(0, "-v".into());
        match Session::start(arguments, false) {
            Ok(session) => fault.with_more(&session.end.wait().await.said),
            Err(_) => fault,
        }
    }

    async fn sharing(&self) -> Result<Sharing, Fault> {
        if self.settings().await?.shares {
            return Ok(Sharing::Theirs);
        }
        // Where there is no place for sockets, each call has a connection of its own.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.ssh.sockets);
        Ok(if made.is_ok() { Sharing::within(&self.ssh.sockets) } else { Sharing::Nobody })
    }

    async fn settings(&self) -> Result<&Settings, Fault> {
        let ask = async {
            if let Some(known) = self.ssh.known.of(&self.host, Instant::now()) {
                return Ok(known);
            }
            let session = Session::start(self.call(Try::default(), Sharing::Theirs).tell(), false)?;
            let settings = Settings::read(&finish(session).await?);
            self.ssh.known.note(&self.host, Instant::now(), &settings);
            Ok(settings)
        };
        self.settings.get_or_try_init(|| ask).await
    }

    fn call(&self, how: Try, sharing: Sharing) -> Call<'_> {
        Call { config: self.ssh.config.as_deref(), host: &self.host, asks: how.asks, sharing, key: self.key.as_deref() }
    }
}

/// Waits for the end of a command that is told nothing.
async fn finish(session: Session) -> Result<String, Fault> {
    let Session { mut input, mut output, end } = session;
    // It may have ended without wanting to be told anything.
    let _ = input.shutdown().await;
    drop(input);
    let mut told = Vec::new();
    let read = output.read_to_end(&mut told).await;
    let ended = end.wait().await;
    match (ended.status, read) {
        (Some(0), Ok(_)) => Ok(String::from_utf8_lossy(&told).into_owned()),
        _ => Err(Fault::judge(&ended)),
    }
}
