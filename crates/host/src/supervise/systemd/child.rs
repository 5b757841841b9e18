//! `journalctl`, whose output is read line by line.

use std::io;
use std::process::Stdio;

use plimsoll_model::{ComponentName, EnvironmentKey};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use super::entry;

/// The longest line that is read, in bytes: 48 KiB is where the journal cuts lines of programs, and JSON may make four times that of it.
const LONGEST: u64 = 1 << 20;

/// One that prints entries; it ends when this is dropped.
pub(super) struct Journalctl {
    #[expect(dead_code, reason = "it is killed when it is dropped")]
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Journalctl {
    /// The last entries of a unit in a configuration, also when that is long gone.
    pub(super) fn last(unit: &str, config: &str, entries: u32) -> io::Result<Self> {
        Self::start(&["--lines", &entries.to_string(), &format!("_SYSTEMD_UNIT={unit}"), &format!("PLIMSOLL_CONFIG={config}")])
    }

    /// What is written to the journal from `place` on by the slots of an environment; from its beginning without a place.
    pub(super) fn follow(key: &EnvironmentKey, component: Option<&ComponentName>, place: Option<&str>) -> io::Result<Self> {
        let after = place.map(|place| format!("--after-cursor={place}"));
        let (project, environment) = (format!("PLIMSOLL_PROJECT={}", key.project), format!("PLIMSOLL_ENVIRONMENT={}", key.environment));
        let component = component.map(|component| format!("PLIMSOLL_COMPONENT={component}"));
        let mut args = vec!["--follow", "--no-tail"];
        args.extend([after.as_deref(), Some(&project), Some(&environment), component.as_deref()].into_iter().flatten());
        Self::start(&args)
    }

    fn start(args: &[&str]) -> io::Result<Self> {
        let fields = format!("--output-fields={}", entry::FIELDS);
        let mut child = journalctl().args(["--output=json", "--all", &fields]).args(args).stdout(Stdio::piped()).spawn()?;
        let out = child.stdout.take().expect("standard output is piped");
        Ok(Self { child, out: BufReader::new(out) })
    }

    /// The next line. One that is too long comes in pieces, none of which is an entry. Not to be given up half way.
    pub(super) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let read = (&mut self.out).take(LONGEST).read_until(b'\n', &mut line).await?;
        Ok((read > 0).then_some(line))
    }
}

/// Waits until all that was written is in the journal.
pub(super) async fn sync() -> io::Result<()> {
    let ended = journalctl().arg("--sync").stdout(Stdio::null()).status().await?;
    if ended.success() { Ok(()) } else { Err(io::Error::other(format!("journalctl --sync: {ended}"))) }
}

/// The place of the newest entry; `None` in an empty journal.
pub(super) async fn place() -> io::Result<Option<String>> {
    let mut newest = Journalctl::start(&["--lines=1"])?;
    Ok(newest.next().await?.and_then(|line| entry::cursor(&line)))
}

#[expect(clippy::disallowed_methods, reason = "what systemd keeps is read by its own program, as its files are nobody else's")]
fn journalctl() -> Command {
    let mut journalctl = Command::new("journalctl");
    journalctl.args(["--quiet", "--no-pager"]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    journalctl
}
