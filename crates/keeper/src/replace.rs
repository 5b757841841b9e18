//! Putting another program in the place of the one that runs, so that someone serves at every moment.
//!
//! The new program is started beside the old one, with all that is held. It says `X_PREPARED=1` when only the old one keeps it from
//! serving, or `READY=1` when not even that does. Then the old one gets `SIGTERM`, and may finish what it has begun. Until the new one
//! is ready the old spec is what counts: whatever goes wrong, it is run again if it does not run still.

use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::time::{Instant, sleep_until};

use crate::backoff::Backoff;
use crate::control::bounded;
use crate::family;
use crate::notify::{Notice, Notices};
use crate::supervise::{Supervisor, next};
use crate::user::{self, Credentials};
use crate::wire::Replace;
use crate::{Exit, KeeperSpec, Replacement};

/// A program that was replaced.
#[derive(Debug)]
pub(crate) struct Retiring {
    pub pid: Pid,
    /// When it is killed if it has not ended.
    pub kill_at: Instant,
}

/// How things go on after a replacement was tried.
pub(crate) enum Turn {
    /// There is a program to attend to.
    Attend,
    /// There is none: it ended like this.
    Ended(Exit),
    /// We were told to stop.
    Stop,
}

/// The new program.
struct Next {
    pid: Pid,
    spec: KeeperSpec,
    credentials: Option<Credentials>,
    notices: Option<Notices>,
}

/// What happens while one waits for the new program.
enum Event {
    Said(Notice),
    NextEnded(Exit),
    ProgramEnded(Exit),
    Stop(Duration),
    Late,
}

/// How the wait for a word of the new program ended.
enum Wait {
    /// It said it; ready it may be as well.
    Said { ready: bool },
    /// It did not, and is gone.
    Failed(String),
    /// The old program ended by itself.
    ProgramEnded(Exit),
    /// We were told to stop.
    Stop,
}

impl Supervisor {
    /// Replaces the program as `order` says.
    pub(crate) async fn replace(&mut self, order: Replace) -> Turn {
        let Replace { id, spec, ready_ms, retire_ms } = order;
        let (ready, retire) = (bounded(ready_ms), bounded(retire_ms));
        self.tell(&id, false, None);
        let new = match self.start_beside(spec) {
            Ok(new) => new,
            Err(reason) => return self.fails(&id, reason, Turn::Attend),
        };
        match self.wait(&new, ready, |notice| notice.prepared || notice.ready).await {
            Wait::Said { ready: is_ready } => {
                let old = self.retire(retire);
                self.hand_over(&id, new, old, (is_ready, ready)).await
            }
            Wait::ProgramEnded(exit) => {
                self.recorder.note(&format!("the program ended while it was being replaced ({exit})"));
                self.change(|state| (state.pid, state.last_exit, state.ready) = (None, Some(exit), false));
                self.hand_over(&id, new, None, (false, ready)).await
            }
            Wait::Failed(reason) => self.fails(&id, reason, Turn::Attend),
            Wait::Stop => self.fails(&id, "the keeper was told to stop".to_owned(), Turn::Stop),
        }
    }

    /// The `old` program serves no more: waits until the new one does.
    async fn hand_over(&mut self, id: &str, mut new: Next, old: Option<Pid>, (is_ready, ready): (bool, Duration)) -> Turn {
        // From here on it is the only one that has something to say.
        self.notices = new.notices.take().or(self.notices.take());
        let waited = if is_ready { Wait::Said { ready: true } } else { self.wait(&new, ready, |notice| notice.ready).await };
        match waited {
            Wait::Said { .. } => {
                self.takes_over(id, new);
                Turn::Attend
            }
            Wait::Stop => self.fails(id, "the keeper was told to stop".to_owned(), Turn::Stop),
            Wait::Failed(reason) => {
                // One that neither serves nor lets another do so would keep the old spec from running, too.
                old.into_iter().for_each(|old| family::signal(old, Signal::KILL));
                self.fails(id, reason, Turn::Ended(Exit::default()))
            }
            Wait::ProgramEnded(exit) => self.fails(id, "it ended".to_owned(), Turn::Ended(exit)),
        }
    }

    fn start_beside(&mut self, spec: KeeperSpec) -> Result<Next, String> {
        let credentials = user::resolve(spec.user.as_deref()).map_err(|error| error.to_string())?;
        if spec.hold_sockets != self.spec.hold_sockets {
            return Err("whether sockets are held for it cannot change".to_owned());
        }
        let notices = self.another_socket(credentials.as_ref())?;
        let address = notices.as_ref().map(|notices| notices.address.clone());
        let pid = self.run(&spec, credentials.clone(), address.as_deref(), true).map_err(|(reason, _)| reason)?;
        Ok(Next { pid, spec, credentials, notices })
    }

    fn another_socket(&mut self, credentials: Option<&Credentials>) -> Result<Option<Notices>, String> {
        if !self.spec.hold_sockets {
            return Err("a program for which no sockets are held cannot say that it is ready".to_owned());
        }
        self.notify_number += 1;
        Notices::bind(&self.folder, self.notify_number, credentials).map(Some).map_err(|error| error.to_string())
    }

    /// Waits for a notice of the new program that is `wanted`. When there will be none, the program is gone.
    async fn wait(&mut self, new: &Next, limit: Duration, wanted: impl Fn(&Notice) -> bool) -> Wait {
        let late = Instant::now() + limit;
        loop {
            match self.event(new, late).await {
                Event::Said(notice) => {
                    let (said, ready) = (wanted(&notice), notice.ready);
                    self.heed(Notice { ready: false, ..notice });
                    if said {
                        return Wait::Said { ready };
                    }
                }
                Event::NextEnded(exit) => return Wait::Failed(format!("the new program ended before it was ready ({exit})")),
                Event::ProgramEnded(exit) => return Wait::ProgramEnded(exit),
                Event::Late => {
                    family::signal(new.pid, Signal::KILL);
                    return Wait::Failed(format!("the new program was not ready within {} ms", limit.as_millis()));
                }
                Event::Stop(grace) => {
                    self.stop_within(grace);
                    return Wait::Stop;
                }
            }
        }
    }

    /// What happens next. Words of the old program are heard, too.
    async fn event(&mut self, new: &Next, late: Instant) -> Event {
        loop {
            let heard = new.notices.as_ref().or(self.notices.as_ref());
            let old = self.notices.as_ref().filter(|_| new.notices.is_some());
            tokio::select! {
                notice = next(heard) => return Event::Said(notice),
                notice = next(old) => self.heed(notice),
                (pid, exit) = self.family.one_ends() => {
                    if pid == new.pid {
                        return Event::NextEnded(exit);
                    }
                    if self.ended(pid) {
                        return Event::ProgramEnded(exit);
                    }
                }
                grace = self.orders.stop() => return Event::Stop(grace),
                () = sleep_until(late) => return Event::Late,
            }
        }
    }

    /// Tells the program to end, and lets it finish what it has begun.
    fn retire(&mut self, within: Duration) -> Option<Pid> {
        self.change(|state| state.ready = false);
        let pid = self.program.take()?;
        family::signal(pid, Signal::TERM);
        self.retiring.push(Retiring { pid, kill_at: Instant::now() + within });
        Some(pid)
    }

    fn takes_over(&mut self, id: &str, new: Next) {
        let Next { pid, spec, credentials, .. } = new;
        if let Err(error) = spec.save(std::path::Path::new(".")) {
            // It is kept all the same, and by the next keeper the one before would be.
            self.recorder.note(&error.to_string());
        }
        self.backoff = Backoff::new(spec.restart);
        (self.spec, self.credentials) = (spec, credentials);
        self.is_kept(pid);
        self.change(|state| {
            state.ready = true;
            state.now_runs(pid);
        });
        self.tell(id, true, None);
    }

    fn fails(&mut self, id: &str, reason: String, turn: Turn) -> Turn {
        self.recorder.note(&format!("the program is not replaced: {reason}"));
        self.tell(id, true, Some(reason));
        turn
    }

    fn tell(&self, id: &str, over: bool, failure: Option<String>) {
        self.change(|state| state.replacement = Some(Replacement { id: id.to_owned(), over, failure }));
    }
}
