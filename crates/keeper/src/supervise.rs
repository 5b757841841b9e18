//! The keeper at work: start, wait for the end, start again; until it is told to stop.

use std::fs::File;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_model::slot::Condition;
use rustix::process::{Pid, Signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::backoff::Backoff;
use crate::child::{self, Child, Surroundings};
use crate::control::{self, Order, Orders, bounded};
use crate::family::{self, Family};
use crate::handover::Held;
use crate::notify::{Notice, Notices};
use crate::output::{Recorder, Stream};
use crate::replace::{Retiring, Turn};
use crate::user::Credentials;
use crate::wire::{self, Report};
use crate::{Command, Exit, KeeperError, KeeperSpec, KeptState, leftover};

/// How long the last words to daemons may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// All of a keeper at work. It is at home in its folder: that is the current one.
pub(crate) struct Supervisor {
    pub(crate) folder: PathBuf,
    pub(crate) spec: KeeperSpec,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) report: watch::Sender<Report>,
    server: JoinHandle<()>,
    pub(crate) orders: Orders,
    pub(crate) family: Family,
    pub(crate) recorder: Recorder,
    /// Where the program that is kept is heard.
    pub(crate) notices: Option<Notices>,
    /// How many such sockets there were.
    pub(crate) notify_number: u32,
    pub(crate) held: Held,
    pub(crate) backoff: Backoff,
    /// The program that is kept, while it runs.
    pub(crate) program: Option<Pid>,
    /// Programs that were replaced and finish what they have begun.
    pub(crate) retiring: Vec<Retiring>,
    /// When what is left of the program is to be killed, once we were told to stop.
    pub(crate) stop_by: Option<Instant>,
}

impl Supervisor {
    /// Gets ready to keep what `spec` says, in `folder`. To be called inside the runtime.
    pub(crate) fn new(folder: &Path, spec: KeeperSpec, credentials: Option<Credentials>) -> Result<Self, KeeperError> {
        let (report, reports) = watch::channel(Report { version: wire::VERSION, state: KeptState::NONE, stopping: false, over: false });
        let (orders, requests) = Orders::new(bounded(spec.stop_grace_ms))?;
        Notices::clear_away();
        Ok(Self {
            folder: folder.to_owned(),
            family: Family::new()?,
            recorder: Recorder::start(&spec.output)?,
            notices: spec.hold_sockets.then(|| Notices::bind(folder, 0, credentials.as_ref())).transpose()?,
            notify_number: 0,
            server: tokio::spawn(control::serve(control::listen()?, reports, requests)),
            held: Held::default(),
            backoff: Backoff::new(spec.restart),
            program: None,
            retiring: Vec::new(),
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
                self.recorder.catch_up().await;
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
        let address = self.notices.as_ref().map(|notices| notices.address.clone());
        let pid = self.run(&self.spec.clone(), self.credentials.clone(), address.as_deref(), false)?;
        self.is_kept(pid);
        self.change(|state| {
            state.restarts += u32::from(state.started_at_ms.is_some() || state.last_exit.is_some());
            state.ready = false;
            state.now_runs(pid);
        });
        Ok(())
    }

    /// Runs what `spec` says, and takes down what it prints. The error is why not, and how it counts as ended.
    pub(crate) fn run(
        &mut self,
        spec: &KeeperSpec,
        credentials: Option<Credentials>,
        notify: Option<&Path>,
        beside: bool,
    ) -> Result<Pid, (String, Exit)> {
        let secrets = child::secrets(spec.secrets_file.as_deref()).map_err(|error| (error.to_string(), code(126)))?;
        let child = child::start(spec, credentials, &secrets, &self.held, Surroundings { notify, beside });
        let Child { pid, out, err } = child.map_err(|error| (error.to_string(), failure(&error)))?;
        self.family.welcome(pid);
        self.recorder.capture(Stream::Out, out, &secrets);
        self.recorder.capture(Stream::Err, err, &secrets);
        Ok(pid)
    }

    /// Notes that `pid` is the program that is kept, also for whoever clears away after us.
    pub(crate) fn is_kept(&mut self, pid: Pid) {
        self.program = Some(pid);
        plimsoll_crashpoint::reach!("keeper: program started, not recorded");
        if let Err(error) = leftover::record(pid) {
            self.recorder.note(&error.to_string());
        }
    }

    /// Waits until the program ended by itself, or we are told to stop: then there is no exit yet.
    async fn attend(&mut self) -> Option<Exit> {
        loop {
            let overdue = self.retiring.iter().map(|retiring| retiring.kill_at).min();
            tokio::select! {
                (pid, exit) = self.family.one_ends() => if self.ended(pid) { return Some(exit) },
                order = self.orders.next() => match order {
                    Order::Stop(grace) => {
                        self.stop_within(grace);
                        return None;
                    }
                    Order::Replace(order) => match self.replace(*order).await {
                        Turn::Attend => {}
                        Turn::Ended(exit) => return Some(exit),
                        Turn::Stop => return None,
                    },
                },
                notice = next(self.notices.as_ref()) => self.heed(notice),
                () = until(overdue) => self.kill_overdue(),
            }
        }
    }

    /// Takes note that `pid` has ended; whether that was the program that is kept.
    pub(crate) fn ended(&mut self, pid: Pid) -> bool {
        self.retiring.retain(|retiring| retiring.pid != pid);
        self.program.take_if(|program| *program == pid).is_some()
    }

    fn kill_overdue(&mut self) {
        let now = Instant::now();
        for retiring in self.retiring.extract_if(.., |retiring| retiring.kill_at <= now) {
            family::signal(retiring.pid, Signal::KILL);
        }
    }

    /// Sees that nothing that the program started is left, nor the program itself if it still runs.
    async fn clear_away(&mut self) {
        let mut kill_at = self.stop_by.unwrap_or_else(|| Instant::now() + bounded(self.spec.stop_grace_ms));
        loop {
            // Those who were replaced may finish, unless all is to end.
            let spared: Vec<Pid> = if self.stop_by.is_some() { Vec::new() } else { self.retiring.iter().map(|retiring| retiring.pid).collect() };
            if !self.family.bury(&spared) {
                break;
            }
            let late = Instant::now() >= kill_at;
            if late {
                self.family.kill(&spared);
            } else {
                self.family.ask_to_end(&spared);
            }
            tokio::select! {
                () = self.family.change() => {}
                () = sleep_until(kill_at), if !late => {}
                grace = self.orders.stop() => kill_at = kill_at.min(self.stop_within(grace)),
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
                grace = self.orders.stop() => { self.stop_within(grace); }
            }
        }
    }

    async fn finish(mut self, life: File) {
        let last = self.last_exit();
        self.note_end(last, Condition::Stopped);
        plimsoll_crashpoint::reach!("keeper: program gone, not forgotten");
        leftover::forget();
        // Else connections to them would still be taken, and never answered.
        drop(self.held);
        self.recorder.finish().await;
        control::unlisten();
        drop(self.notices);
        drop(life);
        self.report.send_modify(|report| report.over = true);
        // Who does not listen will see the end of the connection.
        let _ = timeout(FAREWELL, self.server).await;
    }

    /// How the program that was kept last ended.
    fn last_exit(&mut self) -> Exit {
        let ends: Vec<(Pid, Exit)> = std::iter::from_fn(|| self.family.take_end()).collect();
        let own = ends.iter().find(|(pid, _)| Some(*pid) == self.program).map(|(_, exit)| *exit);
        own.or(self.report.borrow().state.last_exit).unwrap_or_default()
    }

    pub(crate) fn heed(&mut self, notice: Notice) {
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
    pub(crate) fn stop_within(&mut self, grace: Duration) -> Instant {
        let asked = Instant::now() + grace;
        let by = self.stop_by.map_or(asked, |by| by.min(asked));
        self.stop_by = Some(by);
        self.report.send_modify(|report| report.stopping = true);
        by
    }

    fn note_end(&self, exit: Exit, condition: Condition) {
        self.change(|state| {
            (state.pid, state.condition, state.last_exit, state.ready) = (None, condition, Some(exit), false);
        });
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut KeptState)) {
        self.report.send_modify(|report| change(&mut report.state));
    }
}

/// Waits until then; without a moment, for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// The next notice; without a socket for them, never.
pub(crate) async fn next(notices: Option<&Notices>) -> Notice {
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
