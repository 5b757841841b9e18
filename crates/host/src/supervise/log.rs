//! What slots wrote, read from the files of their keepers, and what they go on to write.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use plimsoll_api::{LogLine, LogQuery};
use plimsoll_model::SlotId;
use rustix::fs::inotify;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

use super::slot_files;

/// What the names of slots' log files end with.
pub(super) const EXTENSION: &str = "log";

/// Sends the last lines of each slot, in the order of time, then goes on if the query says so.
pub(super) async fn send(folder: &Path, query: &LogQuery, lines: &mpsc::Sender<LogLine>) -> io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    // Watched before it is read, so that nothing falls in between.
    let watch = query.follow.then(|| watch(folder)).transpose()?;
    let mut readers = BTreeMap::new();
    let mut last = Vec::new();
    for (slot, path) in slot_files::list(folder, EXTENSION, query.component.as_ref())? {
        last.extend(plimsoll_keeper::output::tail(&path, query.tail as usize).iter().filter_map(|line| parse(&slot, line)));
        readers.insert(slot, Reader::at_end(&path)?);
    }
    last.sort_by(|a, b| a.at.cmp(&b.at));
    for line in last {
        if lines.send(line).await.is_err() {
            return Ok(());
        }
    }
    match watch {
        Some(watch) => follow(folder, query, watch, readers, lines).await,
        None => Ok(()),
    }
}

async fn follow(
    folder: &Path,
    query: &LogQuery,
    watch: AsyncFd<OwnedFd>,
    mut readers: BTreeMap<SlotId, Reader>,
    lines: &mpsc::Sender<LogLine>,
) -> io::Result<()> {
    loop {
        for (slot, path) in slot_files::list(folder, EXTENSION, query.component.as_ref())? {
            let reader = match readers.entry(slot.clone()) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Reader::at_start(&path)?),
            };
            for line in reader.more()?.iter().filter_map(|line| parse(&slot, line)) {
                if lines.send(line).await.is_err() {
                    return Ok(());
                }
            }
        }
        tokio::select! {
            () = lines.closed() => return Ok(()),
            ready = watch.readable() => drain(ready?)?,
        }
    }
}

fn watch(folder: &Path) -> io::Result<AsyncFd<OwnedFd>> {
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC)?;
    inotify::add_watch(&watch, folder, inotify::WatchFlags::MODIFY | inotify::WatchFlags::CREATE | inotify::WatchFlags::MOVED_TO)?;
    // SAFETY: an `OwnedFd` is open for as long as it lives, always has the same number, and nobody replaces it in there.
    Ok(unsafe { AsyncFd::register(watch) }?)
}

/// Takes what was noticed off the queue: that something was is all that matters.
fn drain(mut ready: tokio::io::unix::AsyncFdReadyGuard<'_, OwnedFd>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match rustix::io::read(ready.get_inner(), &mut buffer) {
            Ok(_) => {}
            Err(rustix::io::Errno::AGAIN) => break,
            Err(error) => return Err(error.into()),
        }
    }
    ready.clear_ready();
    Ok(())
}

/// Keepers write `TIME out|err TEXT`.
fn parse(slot: &SlotId, line: &str) -> Option<LogLine> {
    let mut fields = line.splitn(3, ' ');
    let (at, stream, text) = (fields.next()?, fields.next()?, fields.next().unwrap_or_default());
    let (component, _) = slot_files::parts(slot)?;
    Some(LogLine { component, slot: slot.clone(), at: at.to_owned(), stream: stream.to_owned(), text: text.to_owned() })
}

/// Reads on in a file that grows, and in its successor when it is rotated away.
struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    inode: u64,
    partial: String,
}

impl Reader {
    fn at_start(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let inode = file.metadata()?.ino();
        Ok(Self { path: path.to_owned(), file: BufReader::new(file), inode, partial: String::new() })
    }

    fn at_end(path: &Path) -> io::Result<Self> {
        let mut reader = Self::at_start(path)?;
        io::Seek::seek(&mut reader.file, io::SeekFrom::End(0))?;
        Ok(reader)
    }

    /// The whole lines that were written since.
    fn more(&mut self) -> io::Result<Vec<String>> {
        let mut lines = self.rest()?;
        if std::fs::metadata(&self.path).is_ok_and(|now| now.ino() != self.inode) {
            *self = Self::at_start(&self.path)?;
            lines.extend(self.rest()?);
        }
        Ok(lines)
    }

    fn rest(&mut self) -> io::Result<Vec<String>> {
        let mut lines = Vec::new();
        let mut bytes = Vec::new();
        while self.file.read_until(b'\n', &mut bytes)? > 0 {
            self.partial.push_str(&String::from_utf8_lossy(&bytes));
            bytes.clear();
            if self.partial.ends_with('\n') {
                lines.push(std::mem::take(&mut self.partial).trim_end_matches('\n').to_owned());
            }
        }
        Ok(lines)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
mod tests {
    use std::io::Write;

    use super::*;

    fn query(follow: bool) -> LogQuery {
        let key = plimsoll_model::EnvironmentKey { project: "shop".parse().unwrap(), environment: "local".parse().unwrap() };
        LogQuery { key, component: Some("web".parse().unwrap()), tail: 2, follow }
    }

    #[tokio::test]
    async fn the_last_lines_of_all_slots_come_in_order_and_then_what_follows() {
        let folder = tempfile::tempdir().unwrap();
        let path = |slot: &str| folder.path().join(format!("{slot}.log"));
        std::fs::write(path("web-1"), "2026-01-01T00:00:00.000Z out zero\n2026-01-01T00:00:01.000Z out one\n2026-01-01T00:00:03.000Z err three\n")
            .unwrap();
        std::fs::write(path("web-2"), "2026-01-01T00:00:02.000Z out two\n").unwrap();
        std::fs::write(path("other-1"), "2026-01-01T00:00:02.000Z out not asked for\n").unwrap();
        let (lines, mut read) = mpsc::channel(16);
        let place = folder.path().to_owned();
        let task = tokio::spawn(async move { send(&place, &query(true), &lines).await });
        for expect in ["one", "two", "three"] {
            assert_eq!(read.recv().await.unwrap().text, expect);
        }
        std::fs::File::options().append(true).open(path("web-2")).unwrap().write_all(b"2026-01-01T00:00:04.000Z out four\n").unwrap();
        assert_eq!(read.recv().await.unwrap().text, "four");
        std::fs::rename(path("web-2"), folder.path().join("web-2.log.1")).unwrap();
        std::fs::write(path("web-2"), "2026-01-01T00:00:05.000Z out five\n").unwrap();
        assert_eq!(read.recv().await.unwrap().text, "five");
        drop(read);
        task.await.unwrap().unwrap();
    }
}
