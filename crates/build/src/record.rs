//! What a command printed: all of it in a log file, the end of it at hand. Secrets are taken out before either.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use plimsoll_model::secret::Redactor;

use crate::lines::Lines;
use crate::{BuildError, durable};

/// So many lines are told with a failure.
const TAIL: usize = 20;

/// The output of one command.
pub(crate) struct Record<'a> {
    path: PathBuf,
    log: BufWriter<File>,
    lines: Lines,
    tail: VecDeque<String>,
    redactor: &'a Redactor,
}

impl<'a> Record<'a> {
    /// Starts an empty one, with its log at `path`.
    ///
    /// # Errors
    /// The log cannot be made.
    pub(crate) fn create(path: &Path, redactor: &'a Redactor) -> Result<Self, BuildError> {
        if let Some(folder) = path.parent() {
            durable::folder(folder)?;
        }
        let log = BufWriter::new(File::create(path).map_err(BuildError::io("write", path))?);
        Ok(Self { path: path.to_path_buf(), log, lines: Lines::default(), tail: VecDeque::new(), redactor })
    }

    /// Takes what was printed; none when nothing more will come. Gives the lines that are complete with it.
    ///
    /// # Errors
    /// The log cannot be written.
    pub(crate) fn add(&mut self, printed: Option<&[u8]>) -> Result<Vec<String>, BuildError> {
        let lines = match printed {
            Some(printed) => self.lines.push(printed),
            None => self.lines.finish().into_iter().collect(),
        };
        let lines: Vec<String> = lines.iter().map(|line| self.redactor.redact(line)).collect();
        self.keep(&lines).map_err(BuildError::io("write", &self.path))?;
        Ok(lines)
    }

    /// The last lines.
    pub(crate) fn tail(&self) -> Vec<String> {
        self.tail.iter().cloned().collect()
    }

    fn keep(&mut self, lines: &[String]) -> std::io::Result<()> {
        for line in lines {
            writeln!(self.log, "{line}")?;
            self.tail.push_back(line.clone());
        }
        self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        self.log.flush()
    }
}
