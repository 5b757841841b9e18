//! Telling whoever started the daemon on demand how that went.

use std::io::{self, Write};

use plimsoll_api::wire::Started;

use crate::trouble::Trouble;

/// Whoever waits for this daemon to serve. Reads one line from its standard output, or finds that it ended without one.
#[derive(Debug)]
#[must_use = "who started the daemon waits to hear how that went"]
pub struct Starter {
    waits: bool,
}

impl Starter {
    /// Nobody waits: the daemon was started by hand or by the machine.
    pub fn nobody() -> Self {
        Self { waits: false }
    }

    /// Leaves the session of the process that started this one, so that neither its terminal nor its end reaches here.
    ///
    /// # Errors
    /// This process leads a group already.
    pub fn leave() -> io::Result<Self> {
        rustix::process::setsid()?;
        Ok(Self { waits: true })
    }

    /// The daemon serves.
    pub fn ready(self) {
        self.tell(&Started::Ready);
    }

    /// The daemon will not serve.
    pub fn failed(self, trouble: &Trouble) {
        self.tell(&Started::Failed(trouble.clone()));
    }

    fn tell(self, how: &Started) {
        if self.waits {
            let line = serde_json::to_string(how).expect("made of strings");
            let mut out = io::stdout().lock();
            // Who does not wait any more need not be told.
            let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        }
    }
}
