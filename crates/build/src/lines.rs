//! Cutting what a program prints into lines, as it comes.

/// Longer lines are cut, so that a program that prints no line end cannot fill the memory.
const LONGEST: usize = 16 * 1024;

/// Lines in the making.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Takes what was printed, and gives the lines that are complete with it.
    pub(crate) fn push(&mut self, printed: &[u8]) -> Vec<String> {
        self.rest.extend_from_slice(printed);
        let mut lines = Vec::new();
        while let Some((length, end)) = self.next() {
            lines.push(shown(&self.rest[..length]));
            self.rest.drain(..end);
        }
        lines
    }

    /// The last line, when no line end came after it.
    pub(crate) fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.rest);
        (!rest.is_empty()).then(|| shown(&rest))
    }

    /// Length of the first complete line, and where the one after it starts.
    fn next(&self) -> Option<(usize, usize)> {
        let within = &self.rest[..self.rest.len().min(LONGEST)];
        match within.iter().position(|byte| *byte == b'\n') {
            Some(at) => Some((at, at + 1)),
            None => (within.len() == LONGEST).then_some((LONGEST, LONGEST)),
        }
    }
}

/// A line as a terminal would leave it: what a progress bar overwrote is gone.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.trim_end_matches('\r');
    line.rsplit('\r').next().unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&str], expect: &[&str]) {
        let mut lines = Lines::default();
        let mut got: Vec<String> = pieces.iter().flat_map(|piece| lines.push(piece.as_bytes())).collect();
        got.extend(lines.finish());
        assert_eq!(got, expect, "{pieces:?}");
    }

    #[test]
    fn lines_are_cut_wherever_the_pieces_end() {
        check(&["a\nb\n"], &["a", "b"]);
        check(&["a", "b\n", "\nc"], &["ab", "", "c"]);
        check(&["a\r\n"], &["a"]);
        check(&["10%\r50%\r100%\r\nok"], &["100%", "ok"]);
    }

    #[test]
    fn an_endless_line_is_cut() {
        let long = "x".repeat(LONGEST);
        check(&[&long, "y\n"], &[&long, "y"]);
    }
}
