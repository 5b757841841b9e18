//! The keeper at work: start, wait for the end, start again; until it is told to stop.

use std::fs::File;
use std::future::pending;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use plimsoll_model::slot::Condition;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::backoff::Backoff;
use crate::child::{self, Child};
use crate::control::{self, Orders, bounded};
use crate::family::Family;
use crate::handover::Held;
use crate::notify::{Notice, Notices};
use crate::output::{Recorder, Stream};
use crate::user::Credentials;
use crate::wire::{self, Report};
use crate::{Command, Exit, KeeperError, KeeperSpec, KeptState, leftover};

/// How long the last words to daemons may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// All of a keeper at work. It is at home in its folder: that is the current one.
pub(crate) struct Supervisor {
    spec: KeeperSpec,
    credentials: Option<Credentials>,
    report: watch::Sender<Report>,
    server: JoinHandle<()>,
    orders: Orders,
    family: Family,
    recorder: Recorder,
    notices: Option<Notices>,
    held: Held,
    backoff: Backoff,
    /// When what is left of the program is to be killed, once we were told to stop.
    stop_by: Option<Instant>,
}

impl Supervisor {
    /// Gets ready to keep what `spec` says, in `folder`. To be called inside the runtime.
    pub(crate) fn new(folder: &Path, spec: KeeperSpec, credentials: Option<Credentials>) -> Result<Self, KeeperError> {
        let (report, reports) = watch::channel(Report { version: wire::VERSION, state: KeptState::NONE, stopping: false, over: false });
        let (orders, requests) = Orders::new(bounded(spec.stop_grace_ms))?;
        Ok(Self {
            family: Family::new()?,
            recorder: Recorder::start(&spec.output)?,
            notices: spec.hold_sockets.then(|| Notices::bind(folder, credentials.as_ref())).transpose()?,
            server: tokio::spawn(control::serve(control::listen()?, reports, requests)),
            held: Held::default(),
            backoff: Backoff::new(spec.restart),
            stop_by: None,
            report,
            orders,
            spec,
            credentials,
        })
    }

    /// Keeps the program until told to stop, then takes everything of it away. `up` is called after the first attempt to start
    /// it, `life` is let go when nothing is left.
    pub(crate) async fn keep(mut self, life: File, up: impl FnOnce()) {
        let mut up = Some(up);
        while self.stop_by.is_none() {
            let began = Instant::now();
            let started = self.start();
            if let Some(up) = up.take() {
                up();
            }
            let exit = match started {
                Ok(()) => self.attend().await,
                Err(exit) => Some(exit),
            };
            if let Some(exit) = exit {
                self.note_end(exit, Condition::Restarting);
            }
            self.clear_away().await;
            self.pause(began).await;
        }
        self.finish(life).await;
    }

    /// Starts the program with what it left with us. The error is how it counts as ended.
    fn start(&mut self) -> Result<(), Exit> {
        // What it sent before it ended comes before what it gets when it is started.
        while let Some(Ok(notice)) = self.notices.as_ref().map(Notices::now) {
            self.heed(notice);
        }
        match self.launch() {
            Ok(()) => Ok(()),
            Err((reason, exit)) => {
                self.recorder.note(&format!("cannot start {}: {reason}", name(&self.spec.command)));
                Err(exit)
            }
        }
    }

    fn launch(&mut self) -> Result<(), (String, Exit)> {
        plimsoll_crashpoint::reach!("keeper: before program");
        let secrets = child::secrets(self.spec.secrets_file.as_deref()).map_err(|error| (error.to_string(), code(126)))?;
        let address = self.notices.as_ref().map(|notices| notices.address.as_path());
        let child = child::start(&self.spec, self.credentials.clone(), &secrets, &self.held, address);
        let Child { pid, out, err } = child.map_err(|error| (error.to_string(), failure(&error)))?;
        self.family.welcome(pid);
        plimsoll_crashpoint::reach!("keeper: program started, not recorded");
        if let Err(error) = leftover::record(pid) {
            self.recorder.note(&error.to_string());
        }
        self.recorder.capture(Stream::Out, out, &secrets);
        self.recorder.capture(Stream::Err, err, &secrets);
        self.change(|state| {
            state.pid = u32::try_from(pid.as_raw_nonzero().get()).ok();
            state.restarts += u32::from(state.started_at_ms.is_some() || state.last_exit.is_some());
            state.started_at_ms = u64::try_from(Timestamp::now().as_millisecond()).ok();
            (state.condition, state.ready) = (Condition::Running, false);
        });
        Ok(())
    }

    /// Waits until the program ended by itself, or we are told to stop: then there is no exit yet.
    async fn attend(&mut self) -> Option<Exit> {
        loop {
            tokio::select! {
                exit = self.family.program_ends() => return Some(exit),
                grace = self.orders.next() => {
                    self.stop_within(grace);
                    return None;
                }
                notice = next(self.notices.as_ref()) => self.heed(notice),
            }
        }
    }

    /// Sees that nothing that the program started is left, nor the program itself if it still runs.
    async fn clear_away(&mut self) {
        let mut kill_at = self.stop_by.unwrap_or_else(|| Instant::now() + bounded(self.spec.stop_grace_ms));
        while self.family.bury() {
            let late = Instant::now() >= kill_at;
            if late {
                self.family.kill();
            } else {
                self.family.ask_to_end();
            }
            tokio::select! {
                () = self.family.change() => {}
                () = sleep_until(kill_at), if !late => {}
                grace = self.orders.next() => kill_at = kill_at.min(self.stop_within(grace)),
                notice = next(self.notices.as_ref()) => self.heed(notice),
            }
        }
    }

    /// Lets some time go by before the program is started again.
    async fn pause(&mut self, began: Instant) {
        if self.stop_by.is_none() {
            let until = Instant::now() + self.backoff.next(began.elapsed());
            tokio::select! {
                () = sleep_until(until) => {}
                grace = self.orders.next() => { self.stop_within(grace); }
            }
        }
    }

    async fn finish(mut self, life: File) {
        let last = self.family.take_exit().or(self.report.borrow().state.last_exit).unwrap_or_default();
        self.note_end(last, Condition::Stopped);
        plimsoll_crashpoint::reach!("keeper: program gone, not forgotten");
        leftover::forget();
        // Else connections to them would still be taken, and never answered.
        drop(self.held);
        self.recorder.finish().await;
        control::unlisten();
        Notices::unbind();
        drop(life);
        self.report.send_modify(|report| report.over = true);
        // Who does not listen will see the end of the connection.
        let _ = timeout(FAREWELL, self.server).await;
    }

    fn heed(&mut self, notice: Notice) {
        if notice.ready {
            self.change(|state| state.ready = true);
        }
        if notice.remove {
            self.held.remove(&notice.name);
        }
        for socket in notice.sockets.into_iter().filter(|_| notice.store) {
            if self.held.keep(&notice.name, socket).is_err() {
                self.recorder.note(&format!("cannot hold one more socket ({})", notice.name));
            }
        }
    }

    /// Notes that we are to stop, and returns when what is left is to be killed.
    fn stop_within(&mut self, grace: Duration) -> Instant {
        let asked = Instant::now() + grace;
        let by = self.stop_by.map_or(asked, |by| by.min(asked));
        self.stop_by = Some(by);
        self.report.send_modify(|report| report.stopping = true);
        by
    }

    fn note_end(&self, exit: Exit, condition: Condition) {
        self.change(|state| *state = KeptState { pid: None, condition, last_exit: Some(exit), ready: false, ..*state });
    }

    fn change(&self, change: impl FnOnce(&mut KeptState)) {
        self.report.send_modify(|report| change(&mut report.state));
    }
}

/// The next notice; without a socket for them, never.
async fn next(notices: Option<&Notices>) -> Notice {
    match notices {
        // Nothing is said by a socket that fails, and there is no other to listen to.
        Some(notices) => match notices.next().await {
            Ok(notice) => notice,
            Err(_) => pending().await,
        },
        None => pending().await,
    }
}

fn name(command: &Command) -> String {
    match command {
        Command::Shell(_) => "/bin/sh".to_owned(),
        Command::Program { path, .. } => path.display().to_string(),
    }
}

fn failure(error: &std::io::Error) -> Exit {
    code(if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 })
}

fn code(code: i32) -> Exit {
    Exit { code: Some(code), signal: None }
}
