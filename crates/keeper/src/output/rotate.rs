//! A file that moves aside when it has grown: `app.log` to `app.log.1`, that to `app.log.2`, and so on; the oldest is dropped.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::Output;

/// The file, and those beside it.
pub(super) struct Rotated {
    output: Output,
    file: BufWriter<File>,
    size: u64,
}

impl Rotated {
    /// Opens the file to go on where it ends; makes it and its folder when they are missing.
    pub(super) fn open(output: &Output) -> io::Result<Self> {
        if let Some(folder) = output.file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let file = open(&output.file)?;
        let size = file.metadata()?.len();
        Ok(Self { output: output.clone(), file: BufWriter::new(file), size })
    }

    /// Writes a whole line. Lines are not torn between files.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let length = line.len() as u64;
        if self.size > 0 && self.size + length > self.output.max_bytes {
            self.rotate()?;
        }
        self.size += length;
        self.file.write_all(line)
    }

    /// Brings what was written to the file.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn rotate(&mut self) -> io::Result<()> {
        self.file.flush()?;
        for number in (1..self.output.keep).rev() {
            move_aside(&rotated(&self.output.file, number), &rotated(&self.output.file, number + 1))?;
        }
        match self.output.keep {
            0 => fs::remove_file(&self.output.file)?,
            _ => move_aside(&self.output.file, &rotated(&self.output.file, 1))?,
        }
        self.file = BufWriter::new(open(&self.output.file)?);
        self.size = 0;
        Ok(())
    }
}

/// The name of the `number`th file beside `file`; a higher number is older.
pub(super) fn rotated(file: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

fn move_aside(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        moved => moved,
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the files after `lines` were written, the newest first.
    fn files(max_bytes: u64, keep: u32, lines: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("logs/app.log");
        for half in lines.chunks(lines.len().div_ceil(2)) {
            // Opened twice, since a keeper may come and go.
            let mut output = Rotated::open(&Output { file: file.clone(), max_bytes, keep }).unwrap();
            half.iter().for_each(|line| output.write(line.as_bytes()).unwrap());
            output.flush().unwrap();
        }
        let names = std::iter::once(file.clone()).chain((1..9).map(|number| rotated(&file, number)));
        names.map_while(|name| fs::read_to_string(name).ok()).collect()
    }

    #[test]
    fn the_oldest_goes() {
        let lines = ["1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n"];
        assert_eq!(files(100, 2, &lines), ["1\n2\n3\n4\n5\n6\n7\n"]);
        assert_eq!(files(4, 2, &lines), ["7\n", "5\n6\n", "3\n4\n"]);
        assert_eq!(files(4, 0, &lines), ["7\n"]);
        assert_eq!(files(1, 1, &lines), ["7\n", "6\n"], "a line that is too long for a file has one of its own");
    }
}
