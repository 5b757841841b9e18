//! What slots wrote, read from systemd's journal, and what they go on to write. Their secrets are taken out here: the journal has what
//! they wrote as it is, for root to read. What a slot wrote with secrets that are not known any more is not shown.

use std::collections::{HashMap, HashSet};
use std::io;

use plimsoll_api::{LogLine, LogQuery};
use plimsoll_keeper::output::Lines;
use plimsoll_model::{EnvironmentKey, SlotId};
use tokio::sync::mpsc;

use super::child::{self, Journalctl};
use super::entry::{self, Entry};
use super::{EXTENSION, names, secrets, slot_files};
use crate::folders::Folders;

/// What the slots of one environment wrote.
pub(super) struct Journal<'a> {
    folders: &'a Folders,
    key: &'a EnvironmentKey,
    /// What is being read.
    streams: HashMap<SlotId, Stream>,
}

/// What a slot writes in one configuration.
struct Stream {
    config: String,
    lines: Lines,
}

impl<'a> Journal<'a> {
    /// Nothing read yet.
    pub(super) fn new(folders: &'a Folders, key: &'a EnvironmentKey) -> Self {
        Self { folders, key, streams: HashMap::new() }
    }

    /// The last lines that a slot wrote.
    pub(super) async fn last(mut self, slot: &SlotId, lines: u32) -> io::Result<Vec<LogLine>> {
        child::sync().await?;
        let entries = self.entries(slot, lines).await?;
        let mut last = self.lines(&entries)?;
        self.finish(entries.last(), &mut last);
        Ok(last.split_off(last.len().saturating_sub(lines as usize)))
    }

    /// Sends the last lines of each slot, in the order of time, then goes on if the query says so.
    pub(super) async fn send(mut self, query: &LogQuery, lines: &mpsc::Sender<LogLine>) -> io::Result<()> {
        child::sync().await?;
        // Where to go on is known before anything is read, so that nothing falls in between.
        let place = child::place().await?;
        let (mut last, mut seen) = (Vec::new(), HashSet::new());
        for slot in self.slots(query)? {
            let entries = self.entries(&slot, query.tail).await?;
            let mut own = self.lines(&entries)?;
            if !query.follow {
                self.finish(entries.last(), &mut own);
            }
            last.extend(own.split_off(own.len().saturating_sub(query.tail as usize)));
            seen.extend(entries.into_iter().map(|entry| entry.cursor));
        }
        last.sort_by(|a, b| a.at.cmp(&b.at));
        if !give(lines, last).await || !query.follow {
            return Ok(());
        }
        let written = Journalctl::follow(self.key, query.component.as_ref(), place.as_deref())?;
        self.follow(written, &seen, lines).await
    }

    async fn follow(mut self, mut written: Journalctl, seen: &HashSet<String>, lines: &mpsc::Sender<LogLine>) -> io::Result<()> {
        loop {
            let entry = tokio::select! {
                () = lines.closed() => return Ok(()),
                line = written.next() => match line? {
                    Some(line) => entry::parse(&line),
                    None => return Err(io::Error::other("journalctl has ended")),
                },
            };
            let Some(entry) = entry.filter(|entry| !seen.contains(&entry.cursor)) else { continue };
            if !give(lines, self.lines(&[entry])?).await {
                return Ok(());
            }
        }
    }

    fn slots(&self, query: &LogQuery) -> io::Result<Vec<SlotId>> {
        let folder = self.folders.slot_logs(self.key);
        std::fs::create_dir_all(&folder)?;
        Ok(slot_files::list(&folder, EXTENSION, query.component.as_ref())?.into_iter().map(|(slot, _)| slot).collect())
    }

    /// The last entries of a slot: one more than there shall be lines, as a secret may have begun in the one before.
    async fn entries(&self, slot: &SlotId, lines: u32) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let Some(kept) = secrets::read(&self.folders.slot_secrets(self.key, slot))? else { return Ok(entries) };
        let mut read = Journalctl::last(&names::unit(self.key, slot), &kept.config, lines.saturating_add(1))?;
        while let Some(line) = read.next().await? {
            entries.extend(entry::parse(&line));
        }
        Ok(entries)
    }

    /// The lines that are whole with these entries.
    fn lines(&mut self, entries: &[Entry]) -> io::Result<Vec<LogLine>> {
        let mut lines = Vec::new();
        for entry in entries.iter().filter(|entry| entry.unit == names::unit(self.key, &entry.slot)) {
            let Some(stream) = self.stream(&entry.slot, &entry.config)? else { continue };
            let mut add = |text: &str| lines.extend(line(entry, text));
            stream.push(&entry.text, &mut add);
            if !entry.torn {
                stream.push(b"\n", &mut add);
            }
        }
        Ok(lines)
    }

    /// The lines that nothing more comes of.
    fn finish(&mut self, newest: Option<&Entry>, lines: &mut Vec<LogLine>) {
        let Some(newest) = newest else { return };
        for (_, mut stream) in self.streams.drain() {
            stream.lines.finish(|text| lines.extend(line(newest, text)));
        }
    }

    /// What a slot writes in a configuration; `None` when its secrets are not known.
    fn stream(&mut self, slot: &SlotId, config: &str) -> io::Result<Option<&mut Lines>> {
        if self.streams.get(slot).is_none_or(|known| known.config != config) {
            let kept = secrets::read(&self.folders.slot_secrets(self.key, slot))?;
            let Some(kept) = kept.filter(|kept| kept.config == config) else { return Ok(None) };
            self.streams.insert(slot.clone(), Stream { config: kept.config, lines: Lines::without(&kept.values) });
        }
        Ok(self.streams.get_mut(slot).map(|known| &mut known.lines))
    }
}

/// Whether someone still takes them.
async fn give(lines: &mpsc::Sender<LogLine>, what: Vec<LogLine>) -> bool {
    for line in what {
        if lines.send(line).await.is_err() {
            return false;
        }
    }
    true
}

fn line(entry: &Entry, text: &str) -> Option<LogLine> {
    let (component, _) = slot_files::parts(&entry.slot)?;
    let at = format!("{:.3}", entry.at);
    Some(LogLine { component, slot: entry.slot.clone(), at, stream: entry.kind.to_owned(), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plimsoll_model::{ConfigHash, Digest, Secret};

    use super::*;

    fn config(name: &str) -> ConfigHash {
        ConfigHash(Digest::of(name.as_bytes()))
    }

    fn entry(slot: &str, unit: &str, text: &[u8], torn: bool) -> Entry {
        Entry {
            cursor: String::new(),
            at: jiff::Timestamp::UNIX_EPOCH,
            unit: unit.into(),
            slot: slot.parse().unwrap(),
            config: config("now").to_string(),
            kind: "out",
            text: text.to_vec(),
            torn,
        }
    }

    fn check(entries: &[Entry], expect: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders::new(folder.path());
        let key = EnvironmentKey { project: "shop".parse().unwrap(), environment: "dev".parse().unwrap() };
        std::fs::create_dir_all(folders.slot_logs(&key)).unwrap();
        let values = BTreeMap::from([("KEY".to_owned(), Secret::new("hunter22".to_owned()))]);
        secrets::keep(&folders.slot_secrets(&key, &"web-1".parse().unwrap()), &config("now"), &values).unwrap();
        let mut journal = Journal::new(&folders, &key);
        let mut lines = journal.lines(entries).unwrap();
        journal.finish(entries.last(), &mut lines);
        assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn lines_come_without_secrets_also_where_the_journal_cut_them() {
        let own = "plimsoll-shop.dev.web-1.service";
        let whole = |text: &[u8]| entry("web-1", own, text, false);
        check(&[whole(b"login hunter22!"), whole(b"\x1b[1m\xff"), whole(b"two\nlines")], &["login ***!", "\x1b[1m\u{fffd}", "two", "lines"]);
        check(&[entry("web-1", own, b"begins hunt", true), whole(b"er22 ends")], &["begins *** ends"]);
        check(&[entry("web-1", own, b"never ends", true)], &["never ends"]);
    }

    #[test]
    fn nobody_speaks_for_another_slot_and_of_the_unknown_nothing_is_told() {
        let other = "plimsoll-shop.dev.api-1.service";
        check(&[entry("web-1", other, b"forged", false), entry("api-1", other, b"its secrets are not known", false)], &[]);
        let before = config("before").to_string();
        check(&[Entry { config: before, ..entry("web-1", "plimsoll-shop.dev.web-1.service", b"of another time", false) }], &[]);
    }
}
