//! Where a cell is played: a home, what is deployed there, and what has to hold of it.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_testkit::fixtures::{Home, Postgres, Ran};

use crate::attempt::Outcome;
use crate::gate::Gate;
use crate::toll::Toll;
use crate::victim::Victim;

/// A place to deploy in, at whose gate somebody may be killed.
pub trait Stage {
    /// A deployment about to begin, as far as it has to be known afterwards.
    type Attempt;

    /// Where its processes tell that they have come to a point.
    fn gate(&self) -> &Gate;

    /// The host.
    fn home(&self) -> &Home;

    /// The slot that serves.
    fn slot(&self) -> String;

    /// The folder of the project that is deployed there.
    fn folder(&self) -> &Path;

    /// A command for it, ready to be started.
    fn command(&self, command: &str) -> Command {
        let mut ready = self.home().command(["-C"]);
        ready.arg(self.folder()).args([command, "local", "--json"]);
        ready
    }

    /// Who may be killed.
    fn victims(&self) -> &'static [Victim] {
        &Victim::ALL
    }

    /// Whether an ordinary run comes to this point, the one of this number.
    fn is_walked(_point: &str, _number: usize) -> bool {
        true
    }

    /// The server of its database.
    fn server(&self) -> Option<Server> {
        None
    }

    /// Makes another version the next to be deployed, claimed for a short time.
    fn begin(&mut self) -> Self::Attempt;

    /// Judges all of it, when the command has ended and nothing is left to be settled; and that it goes on well.
    ///
    /// # Panics
    /// When anything does not hold that should.
    fn finish(&mut self, attempt: Self::Attempt, ended: Option<&Ran>, tolls: &[Toll], of: &str) -> Outcome;
}

/// The server of a database, which may be killed and started again on the same folder.
#[derive(Clone)]
pub struct Server(Arc<Mutex<Postgres>>);

impl Server {
    /// A running one.
    pub fn of(postgres: Postgres) -> Self {
        Self(Arc::new(Mutex::new(postgres)))
    }

    /// Kills all of it; whether it ran. It is started again at once, while others go on, unless it is to be `late`.
    pub fn kill(&self, late: bool) -> bool {
        let mut server = self.locked();
        let ran = server.is_up();
        server.kill();
        drop(server);
        if !late {
            let server = self.clone();
            std::thread::spawn(move || server.up());
        }
        ran
    }

    /// Starts it, unless it runs.
    pub fn up(&self) {
        let mut server = self.locked();
        if !server.is_up() {
            server.start();
        }
    }

    /// The server itself.
    pub fn locked(&self) -> MutexGuard<'_, Postgres> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
