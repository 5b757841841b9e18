//! Running one of the project's commands: its output streamed and kept, its end awaited, nothing of it left behind.
//!
//! A command is a process group, of which nothing stays when it ends, takes too long, or nobody waits for it any more.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use plimsoll_model::secret::Redactor;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::process::Child;

use crate::failure::{End, Failure};
use crate::group::Group;
use crate::record::Record;
use crate::{BuildError, BuildEvent, Notify, Task, process};

/// A process that left the group can hold the output open for ever; what it prints after the end is waited for this long.
const LATE_OUTPUT: Duration = Duration::from_secs(1);

/// A command of the project, and all that it needs to run.
pub(crate) struct Script<'a> {
    /// What it is run for.
    pub(crate) task: Task,
    /// The command line.
    pub(crate) command: &'a str,
    /// Where it runs.
    pub(crate) folder: PathBuf,
    /// What it finds in its environment, beside the operator's own.
    pub(crate) facts: BTreeMap<String, String>,
    /// Where its output is kept.
    pub(crate) log: PathBuf,
    /// How long it may take, in milliseconds.
    pub(crate) limit_ms: Option<u64>,
    /// Knows what must not be shown.
    pub(crate) redactor: &'a Redactor,
    /// Who is told.
    pub(crate) notify: Notify<'a>,
}

impl Script<'_> {
    /// Runs it to its end. Dropping the future kills it.
    ///
    /// # Errors
    /// It cannot be started, fails, or takes too long.
    pub(crate) async fn run(&self) -> Result<(), BuildError> {
        let begun = Instant::now();
        let mut record = Record::create(&self.log, self.redactor)?;
        (self.notify)(BuildEvent::Started { task: self.task.clone(), command: self.redactor.redact(self.command) });
        let ended = match self.limit_ms {
            None => self.follow(&mut record).await.map(Some),
            Some(limit) => tokio::time::timeout(Duration::from_millis(limit), self.follow(&mut record)).await.ok().transpose(),
        };
        self.judge(ended?, &record, begun)
    }

    async fn follow(&self, record: &mut Record<'_>) -> Result<ExitStatus, BuildError> {
        let broken = || BuildError::io("run /bin/sh in", &self.folder);
        let (mut output, mut child) = self.spawn().map_err(broken())?;
        let group = Group::of(&child).map_err(broken())?;
        let status = loop {
            let mut buffer = [0; 8192];
            tokio::select! {
                biased;
                read = output.read(&mut buffer) => match read {
                    Ok(length) if length > 0 => self.tell(record, Some(&buffer[..length]))?,
                    _ => break child.wait().await,
                },
                status = child.wait() => break status,
            }
        };
        drop(group);
        self.read_late(&mut output, record).await?;
        status.map_err(BuildError::io("wait for /bin/sh in", &self.folder))
    }

    fn spawn(&self) -> io::Result<(Receiver, Child)> {
        // One pipe for both streams keeps their lines in the order in which they were printed.
        let (reader, writer) = io::pipe()?;
        let mut command = process::shell(self.command, &self.folder, &self.facts);
        command.stdout(writer.try_clone()?).stderr(writer);
        Ok((Receiver::from_owned_fd(OwnedFd::from(reader))?, command.spawn()?))
    }

    async fn read_late(&self, output: &mut Receiver, record: &mut Record<'_>) -> Result<(), BuildError> {
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(LATE_OUTPUT, output.read_to_end(&mut rest)).await;
        self.tell(record, Some(&rest))?;
        self.tell(record, None)
    }

    fn tell(&self, record: &mut Record<'_>, printed: Option<&[u8]>) -> Result<(), BuildError> {
        for line in record.add(printed)? {
            (self.notify)(BuildEvent::Output { task: self.task.clone(), line });
        }
        Ok(())
    }

    /// Tells how it ended; none stands for its time limit.
    fn judge(&self, ended: Option<ExitStatus>, record: &Record<'_>, begun: Instant) -> Result<(), BuildError> {
        let task = self.task.clone();
        let end = match ended {
            Some(status) if status.success() => {
                let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                (self.notify)(BuildEvent::Finished { task, duration_ms });
                return Ok(());
            }
            Some(status) => status.code().map_or(End::Signal(status.signal().unwrap_or_default()), End::Exit),
            None => End::Limit(self.limit_ms.unwrap_or_default()),
        };
        (self.notify)(BuildEvent::Failed { task: task.clone(), message: end.to_string() });
        let command = self.redactor.redact(self.command);
        Err(BuildError::Command(Box::new(Failure { task, command, end, tail: record.tail(), log: self.log.clone() })))
    }
}
