//! The end of what a program printed, for those who have to say why it failed.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::rotate::rotated;

/// How much is read at once, in bytes.
const BLOCK: usize = 16 * 1024;
/// How much is read in all, in bytes.
const MOST: usize = 4 * 1024 * 1024;

/// The last `lines` lines of `file` and of the older ones beside it, the newest last. It reads from the end, 4 MiB at most:
/// there may be fewer lines. Files that cannot be read have none.
#[must_use]
pub fn tail(file: &Path, lines: usize) -> Vec<String> {
    let mut budget = MOST;
    let mut newest_first = Vec::new();
    let mut next = Some(file.to_owned());
    for number in 1.. {
        let Some(text) = next.take().and_then(|path| end(&path, lines - newest_first.len(), &mut budget)) else { break };
        newest_first.extend(text.lines().rev().take(lines - newest_first.len()).map(str::to_owned));
        if newest_first.len() == lines || budget == 0 {
            break;
        }
        next = Some(rotated(file, number));
    }
    newest_first.reverse();
    newest_first
}

/// The end of one file with at least `lines` lines, if it has as many; takes what it reads from the budget.
fn end(path: &Path, lines: usize, budget: &mut usize) -> Option<String> {
    let file = File::open(path).ok()?;
    let mut start = file.metadata().ok()?.len();
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    let mut newlines = 0;
    while start > 0 && newlines <= lines && *budget > 0 {
        let size = BLOCK.min(*budget).min(usize::try_from(start).unwrap_or(BLOCK));
        let mut block = vec![0; size];
        start -= size as u64;
        file.read_exact_at(&mut block, start).ok()?;
        *budget -= size;
        newlines += block.iter().filter(|byte| **byte == b'\n').count();
        blocks.push(block);
    }
    blocks.reverse();
    Some(whole_lines(&blocks.concat(), start > 0))
}

/// The text without the first line, if that is `torn`.
fn whole_lines(text: &[u8], torn: bool) -> String {
    let from = if torn { text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| at + 1) } else { 0 };
    String::from_utf8_lossy(&text[from..]).into_owned()
}

#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn check(files: &[&str], lines: usize, expect: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app.log");
        for (text, number) in files.iter().zip(0..) {
            fs::write(if number == 0 { file.clone() } else { rotated(&file, number) }, text).unwrap();
        }
        assert_eq!(tail(&file, lines), expect, "{lines} of {files:?}");
    }

    #[test]
    fn the_last_lines_come_from_all_files() {
        check(&[], 3, &[]);
        check(&["c\nd\n", "a\nb\n"], 0, &[]);
        check(&["c\nd\n", "a\nb\n"], 1, &["d"]);
        check(&["c\nd\n", "a\nb\n"], 3, &["b", "c", "d"]);
        check(&["c\nd\n", "a\nb\n"], 9, &["a", "b", "c", "d"]);
        check(&["", "a\nb\n"], 1, &["b"]);
        check(&["a\nunfinished"], 1, &["unfinished"]);
    }

    #[test]
    fn lines_may_be_longer_than_a_block() {
        let long = "x".repeat(3 * BLOCK);
        check(&[&format!("a\nb\n{long}\nc\n")], 3, &["b", &long, "c"]);
    }

    #[test]
    fn there_is_an_end_to_reading() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("app.log");
        let line = format!("{}\n", "y".repeat(1023));
        fs::write(&file, line.repeat(2 * MOST / line.len())).unwrap();
        assert_eq!(tail(&file, usize::MAX).len(), MOST / line.len() - 1, "the first may be torn");
    }
}
