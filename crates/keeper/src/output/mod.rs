//! What a program prints: taken line by line, freed of secrets, written to a file that does not grow without end.

mod lines;
mod rotate;
mod tail;

use std::os::fd::OwnedFd;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::unix::pipe;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::child::Secrets;
use crate::{KeeperError, Output};
pub use lines::Lines;
use rotate::Rotated;
pub use tail::tail;

/// Which of its two streams a program printed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Stream {
    fn name(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Err => "err",
        }
    }
}

/// Lines that were printed at about the same time, as they are to be written.
type Batch = Vec<String>;

/// What goes to the writer, in its order.
enum Note {
    /// Lines.
    Lines(Batch),
    /// Tells that all that came before is written.
    Mark(oneshot::Sender<()>),
}

/// Takes down what programs print.
pub(crate) struct Recorder {
    batches: mpsc::Sender<Note>,
    writer: JoinHandle<()>,
    readers: JoinSet<()>,
}

/// How many batches wait for the disk before the program that prints them has to.
const WAITING: usize = 8;
/// How much is read at once, in bytes.
const CHUNK: usize = 8 * 1024;
/// How long to wait for the rest of what was printed. There is nobody left to print, but someone may hold the pipe.
const REST: Duration = Duration::from_secs(1);
/// The same where the program is to be started again soon.
const BRIEF: Duration = Duration::from_millis(100);

impl Recorder {
    /// Opens the file. To be called inside the runtime.
    pub(crate) fn start(output: &Output) -> Result<Self, KeeperError> {
        let file = Rotated::open(output).map_err(KeeperError::io("open", &output.file))?;
        let (batches, written) = mpsc::channel(WAITING);
        Ok(Self { batches, writer: tokio::spawn(write(file, written)), readers: JoinSet::new() })
    }

    /// Takes down what comes out of `pipe`, until no one can write to it any more.
    pub(crate) fn capture(&mut self, stream: Stream, pipe: OwnedFd, secrets: &Secrets) {
        while self.readers.try_join_next().is_some() {}
        let lines = Lines::without(secrets.values());
        match pipe::Receiver::from_owned_fd(pipe) {
            Ok(pipe) => drop(self.readers.spawn(read(stream, pipe, lines, self.batches.clone()))),
            Err(error) => self.note(&format!("cannot read standard {}: {error}", stream.name())),
        }
    }

    /// Takes down something of our own. It is left out when too much waits for the disk.
    pub(crate) fn note(&self, text: &str) {
        let lines = vec![line(Timestamp::now(), Stream::Err, &format!("plimsoll: {text}"))];
        let _ = self.batches.try_send(Note::Lines(lines));
    }

    /// Takes down what a program that has ended has printed: whoever is told of its end may look for the reason. Somebody else may still hold
    /// the pipe, and the disk may be slow, so it is not waited for long.
    pub(crate) async fn catch_up(&mut self) {
        let _ = tokio::time::timeout(BRIEF, async { while self.readers.join_next().await.is_some() {} }).await;
        let (mark, written) = oneshot::channel();
        let marked = async {
            if self.batches.send(Note::Mark(mark)).await.is_ok() {
                let _ = written.await;
            }
        };
        let _ = tokio::time::timeout(BRIEF, marked).await;
    }

    /// Takes down the rest.
    pub(crate) async fn finish(self) {
        let Self { batches, writer, readers } = self;
        let _ = tokio::time::timeout(REST, readers.join_all()).await;
        drop(batches);
        // It ends with the last batch; nothing in it panics.
        let _ = writer.await;
    }
}

async fn read(stream: Stream, pipe: pipe::Receiver, mut lines: Lines, batches: mpsc::Sender<Note>) {
    loop {
        if pipe.readable().await.is_err() {
            return;
        }
        let mut batch = Batch::new();
        let now = Timestamp::now();
        let more = read_once(&pipe, &mut lines, |text| batch.push(line(now, stream, text)));
        if !batch.is_empty() && batches.send(Note::Lines(batch)).await.is_err() || !more {
            return;
        }
    }
}

/// Reads what is there; whether there will be more. The buffer is here so that a program that prints nothing takes no memory.
fn read_once(pipe: &pipe::Receiver, lines: &mut Lines, each: impl FnMut(&str)) -> bool {
    let mut chunk = [0; CHUNK];
    match pipe.try_read(&mut chunk) {
        Ok(0) => {
            lines.finish(each);
            false
        }
        Ok(count) => {
            lines.push(&chunk[..count], each);
            true
        }
        Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
    }
}

async fn write(mut file: Rotated, mut notes: mpsc::Receiver<Note>) {
    while let Some(note) = notes.recv().await {
        let batch = match note {
            Note::Lines(batch) => batch,
            Note::Mark(mark) => {
                // Who waited may have given up.
                let _ = mark.send(());
                continue;
            }
        };
        // A full disk must not stop the program: what cannot be written is lost, and the next is tried again.
        let written = batch.iter().try_for_each(|line| file.write(line.as_bytes())).and_then(|()| file.flush());
        if let Err(error) = written {
            eprintln!("{} cannot write the output: {error}", Timestamp::now());
        }
    }
}

fn line(at: Timestamp, stream: Stream, text: &str) -> String {
    format!("{at:.3} {} {text}\n", stream.name())
}
