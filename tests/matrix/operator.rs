//! A command under way, whose process may be killed.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use plimsoll_testkit::fixtures::Ran;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Far longer than a command takes.
const LIMIT: Duration = Duration::from_secs(90);

/// A command under way.
pub struct Operator {
    child: Child,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
}

impl Operator {
    /// Starts it.
    pub fn start(mut command: Command, is_called: impl FnOnce(u32)) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("plimsoll can be started");
        is_called(child.id());
        let (stdout, stderr) = (child.stdout.take().expect("it is piped"), child.stderr.take().expect("it is piped"));
        Self { child, stdout: read(stdout), stderr: read(stderr) }
    }

    /// Waits for its end; none when it was killed.
    ///
    /// # Panics
    /// When it does not end.
    pub fn ended(mut self, of: &str) -> Option<Ran> {
        let pid = Pid::from_child(&self.child);
        let handle = pidfd_open(pid, PidfdFlags::empty()).expect("it is our child");
        let limit = Timespec { tv_sec: LIMIT.as_secs().cast_signed(), tv_nsec: 0 };
        let begun = Instant::now();
        while poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&limit)).is_err() {}
        assert!(begun.elapsed() < LIMIT, "{of}: the command does not end");
        let status = self.child.wait().expect("it is our child");
        let text = |read: JoinHandle<String>| read.join().expect("reading does not panic");
        let ran = Ran { code: status.code(), stdout: text(self.stdout), stderr: text(self.stderr) };
        status.signal().is_none().then_some(ran)
    }
}

fn read(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).expect("what plimsoll prints is UTF-8");
        text
    })
}
