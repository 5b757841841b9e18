//! The daemon's side: starting keepers, finding them again, hearing from them, stopping them.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{Mode, OFlags};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};

use crate::wire::{self, Replace, Report, Request, Version};
use crate::{Exit, KeeperError, KeeperSpec, KeptState, Replacement, folder, leftover, output, user};

/// A connection to a live keeper. Clones share it; dropping all of them leaves keeper and program as they are.
#[derive(Debug, Clone)]
pub struct Keeper {
    folder: PathBuf,
    state: watch::Receiver<KeptState>,
    end: watch::Receiver<Option<End>>,
    stopping: bool,
    requests: mpsc::Sender<Request>,
}

/// How long a replacement may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long the new program may take until it is prepared, and from then on until it is ready, in milliseconds.
    pub ready_ms: u64,
    /// How long the old program may take to finish what it has begun, in milliseconds; then it is killed.
    pub retire_ms: u64,
}

/// How the conversation with a keeper ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It was asked to stop, and everything is gone.
    Over,
    /// It did not say why.
    Lost,
}

/// How long a keeper that does not answer may take to end before we give up on it.
const PATIENCE: Duration = Duration::from_secs(10);

impl Keeper {
    /// Starts a keeper in `folder` as `exe keeper FOLDER`, apart from this process and its environment, and returns when it is up
    /// and has tried to start the program. When there is one at work already, that one is returned, and `spec` has no effect.
    ///
    /// # Errors
    /// When the spec cannot be written or asks for a user that cannot be had, or the keeper does not come up. That the program
    /// cannot be started is no error: its state tells.
    pub async fn spawn(exe: &Path, folder: &Path, spec: &KeeperSpec) -> Result<Self, KeeperError> {
        let folder = absolute(folder)?;
        folder::make(&folder)?;
        user::resolve(spec.user.as_deref())?;
        let _door = locked(&folder, folder::DOOR).await?;
        while let Some(mut keeper) = find(&folder).await? {
            if !keeper.stopping {
                return Ok(keeper);
            }
            keeper.ended().await;
        }
        spec.save(&folder)?;
        plimsoll_crashpoint::reach!("host: before keeper");
        start(exe, &folder).await?;
        plimsoll_crashpoint::reach!("host: after keeper");
        find(&folder).await?.ok_or(KeeperError::Lost { folder })
    }

    /// Connects to the keeper in `folder`. When there is none, what one that was killed may have left there is cleared away.
    ///
    /// # Errors
    /// When there is one and it does not answer, or is newer than this program; when what is left cannot be killed.
    pub async fn attach(folder: &Path) -> Result<Option<Self>, KeeperError> {
        if !folder.exists() {
            return Ok(None);
        }
        let folder = absolute(folder)?;
        let _door = locked(&folder, folder::DOOR).await?;
        find(&folder).await
    }

    /// How the program is, as far as is known here.
    #[must_use]
    pub fn state(&self) -> KeptState {
        self.state.borrow().clone()
    }

    /// The states to come, of which a slow reader sees the latest. They end with the keeper, or when all clones of `self` are
    /// dropped. After the end of a keeper that was not asked to stop, [`Keeper::attach`] clears away what it left.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<KeptState> {
        self.state.clone()
    }

    /// Waits until there is a state that this clone of `self` has not waited for before, and returns it; `None` after the keeper's end.
    pub async fn changed(&mut self) -> Option<KeptState> {
        self.state.changed().await.ok()?;
        Some(self.state.borrow_and_update().clone())
    }

    /// Stops the program: `SIGTERM` to its process group, `SIGKILL` after `grace_ms`. Returns when all of its processes and the
    /// keeper are gone, also when they were before; how the program ended is then empty if no one saw it.
    ///
    /// # Errors
    /// Those of [`Keeper::attach`].
    pub async fn stop(&self, grace_ms: u64) -> Result<Exit, KeeperError> {
        let mut keeper = self.clone();
        loop {
            // Once the keeper is gone no one takes requests, and its end is known already.
            let _ = keeper.requests.send(Request::Stop { grace_ms }).await;
            if keeper.ended().await == End::Over {
                return Ok(keeper.state().last_exit.unwrap_or_default());
            }
            match Self::attach(&self.folder).await? {
                Some(other) => keeper = other,
                None => return Ok(Exit::default()),
            }
        }
    }

    /// Puts what `spec` says in the place of the program that runs. The new program is started beside the old one, with the sockets
    /// that are held; once it says that it is prepared the old one is told to end, and may finish what it has begun. Returns when
    /// the new one is ready. When it never is, the old one runs on, or is started again.
    ///
    /// The keeper goes through with it when this process ends meanwhile, or the wait is given up.
    ///
    /// # Errors
    /// [`KeeperError::NotReplaced`] when the old program is back, [`KeeperError::CannotReplace`] when the keeper is too old; those of
    /// [`Keeper::attach`].
    pub async fn replace(&self, spec: &KeeperSpec, patience: Patience) -> Result<(), KeeperError> {
        let id = format!("{}-{}", std::process::id(), Timestamp::now().as_nanosecond());
        let Patience { ready_ms, retire_ms } = patience;
        let request = Request::Replace(Box::new(Replace { id: id.clone(), spec: spec.clone(), ready_ms, retire_ms }));
        let lost = || KeeperError::Lost { folder: self.folder.clone() };
        self.requests.send(request).await.map_err(|_| lost())?;
        match over(self.watch(), &id).await {
            Some(replacement) => self.judge(replacement),
            None => self.judge_again(&id).await,
        }
    }

    /// For a conversation that ended before the replacement did: an old keeper ends it when it does not understand.
    async fn judge_again(&self, id: &str) -> Result<(), KeeperError> {
        let Some(keeper) = Self::attach(&self.folder).await? else { return Err(KeeperError::Lost { folder: self.folder.clone() }) };
        if keeper.state().replacement.is_none_or(|replacement| replacement.id != id) {
            return Err(KeeperError::CannotReplace { folder: self.folder.clone() });
        }
        let replacement = over(keeper.watch(), id).await.ok_or_else(|| KeeperError::Lost { folder: self.folder.clone() })?;
        self.judge(replacement)
    }

    fn judge(&self, replacement: Replacement) -> Result<(), KeeperError> {
        replacement.failure.map_or(Ok(()), |reason| Err(KeeperError::NotReplaced { folder: self.folder.clone(), reason }))
    }

    async fn ended(&mut self) -> End {
        self.end.wait_for(Option::is_some).await.ok().and_then(|end| *end).unwrap_or(End::Lost)
    }

    /// Reads the first report of a keeper; `None` when it ends just now.
    async fn greet(folder: &Path, stream: UnixStream) -> Result<Option<Self>, KeeperError> {
        let (read, write) = stream.into_split();
        let mut reports = BufReader::new(read).lines();
        let Ok(Some(line)) = reports.next_line().await else { return Ok(None) };
        let Report { state, stopping, .. } = understood(&line, folder)?;
        let (requests, taken) = mpsc::channel(1);
        let (told, state) = watch::channel(state);
        let (ending, end) = watch::channel(None);
        tokio::spawn(async move {
            let how = converse(reports, write, &told, taken).await;
            // First what it was, then that it is over: who waits for the end finds the last state.
            ending.send_replace(Some(how));
        });
        Ok(Some(Self { folder: folder.to_owned(), state, end, stopping, requests }))
    }
}

/// How the replacement `id` ended; nothing when the keeper is not heard any more.
async fn over(mut states: watch::Receiver<KeptState>, id: &str) -> Option<Replacement> {
    let of = |state: &KeptState| state.replacement.clone().filter(|replacement| replacement.over && replacement.id == id);
    let state = states.wait_for(|state| of(state).is_some()).await.ok()?.clone();
    of(&state)
}

/// Passes reports and requests on until one side has enough.
async fn converse(
    mut reports: Lines<BufReader<OwnedReadHalf>>,
    mut write: OwnedWriteHalf,
    told: &watch::Sender<KeptState>,
    mut requests: mpsc::Receiver<Request>,
) -> End {
    let how = loop {
        tokio::select! {
            line = reports.next_line() => match line.ok().flatten().and_then(|line| serde_json::from_str::<Report>(&line).ok()) {
                Some(report) => {
                    told.send_replace(report.state);
                    if report.over {
                        break End::Over;
                    }
                }
                None => break End::Lost,
            },
            request = requests.recv() => match request {
                // A keeper that hears nothing any more says so by ending, which the next line tells.
                Some(request) => { let _ = write.write_all(&wire::line(&request)).await; }
                None => return End::Lost,
            },
        }
    };
    if how == End::Lost {
        told.send_modify(|state| *state = KeptState { restarts: state.restarts, started_at_ms: state.started_at_ms, ..KeptState::NONE });
    }
    how
}

/// The keeper of `folder`, or the certainty that there is none and nothing is left of one. To be called with [`folder::DOOR`] locked.
async fn find(folder: &Path) -> Result<Option<Keeper>, KeeperError> {
    if let Some(stream) = connect(folder).await?
        && let Some(keeper) = Keeper::greet(folder, stream).await?
    {
        return Ok(Some(keeper));
    }
    // No one starts one while we have the door, so that one which holds its lock without answering is about to end.
    let _life =
        tokio::time::timeout(PATIENCE, locked(folder, folder::LIFE)).await.map_err(|_| KeeperError::Silent { folder: folder.to_owned() })??;
    blocking({
        let folder = folder.to_owned();
        move || leftover::clear_away(&folder)
    })
    .await?;
    Ok(None)
}

/// A connection to the socket in `folder`; `None` when no one is there. Paths of sockets are short, those of folders may not be:
/// the way there is over a handle on the folder.
async fn connect(folder: &Path) -> Result<Option<UnixStream>, KeeperError> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let handle = rustix::fs::open(folder, flags, Mode::empty()).map_err(|error| KeeperError::io("open", folder)(error.into()))?;
    match UnixStream::connect(format!("/proc/self/fd/{}/{}", handle.as_raw_fd(), folder::SOCKET)).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused) => Ok(None),
        Err(error) => Err(KeeperError::io("connect to", &folder.join(folder::SOCKET))(error)),
    }
}

/// Starts `exe keeper FOLDER`, and waits until it says that it is up. The process started here is not the keeper, only the one
/// that sets it free; it ends at once.
async fn start(exe: &Path, folder: &Path) -> Result<(), KeeperError> {
    let log = folder.join(folder::LOG);
    let errors = OpenOptions::new().create(true).append(true).mode(0o600).open(&log).map_err(KeeperError::io("open", &log))?;
    #[expect(clippy::disallowed_methods, reason = "a keeper belongs to nobody: it is started by hand and set free")]
    let mut command = tokio::process::Command::new(exe);
    command.arg("keeper").arg(folder).env_clear().current_dir("/");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn().map_err(KeeperError::io("start", exe))?;
    let mut said = String::new();
    let mut words = child.stdout.take().expect("standard output is piped");
    words.read_to_string(&mut said).await.map_err(KeeperError::system("hear from the keeper"))?;
    child.wait().await.map_err(KeeperError::system("wait for the keeper"))?;
    match said.trim() {
        crate::run::UP => Ok(()),
        "" => Err(KeeperError::NotStarted { folder: folder.to_owned(), reason: output::tail(&log, 5).join("\n") }),
        said => Err(KeeperError::NotStarted { folder: folder.to_owned(), reason: said.to_owned() }),
    }
}

fn understood(line: &str, folder: &Path) -> Result<Report, KeeperError> {
    let silent = |_| KeeperError::Silent { folder: folder.to_owned() };
    let Version { version } = serde_json::from_str(line).map_err(silent)?;
    if version > wire::VERSION {
        return Err(KeeperError::Newer { what: format!("the keeper in {}", folder.display()), found: version, known: wire::VERSION });
    }
    serde_json::from_str(line).map_err(silent)
}

async fn locked(folder: &Path, name: &'static str) -> Result<File, KeeperError> {
    match folder::try_lock(folder, name)? {
        Some(lock) => Ok(lock),
        None => {
            let folder = folder.to_owned();
            blocking(move || folder::lock(&folder, name)).await
        }
    }
}

async fn blocking<T: Send + 'static>(job: impl FnOnce() -> Result<T, KeeperError> + Send + 'static) -> Result<T, KeeperError> {
    tokio::task::spawn_blocking(job).await.expect("the job does not panic and is not cancelled")
}

fn absolute(folder: &Path) -> Result<PathBuf, KeeperError> {
    std::path::absolute(folder).map_err(KeeperError::io("find", folder))
}
