//! Cutting what a program prints into lines without secrets.

use plimsoll_model::Secret;
use plimsoll_model::secret::Redactor;

/// The longest line that is written, in bytes; a longer one becomes several.
const LONGEST: usize = 16 * 1024;

/// One stream of a program, cut into lines of 16 KiB at most.
pub struct Lines {
    redactor: Redactor,
    /// How much of an unfinished line is held back because a secret may have begun there, in bytes.
    hold: usize,
    pending: Vec<u8>,
}

impl Lines {
    /// Without anything printed yet, and never with one of `secrets`.
    pub fn without<'a>(secrets: impl IntoIterator<Item = &'a Secret<String>> + Clone) -> Self {
        let longest = secrets.clone().into_iter().map(|secret| secret.expose().len()).max().unwrap_or(0);
        Self { redactor: Redactor::new(secrets), hold: longest, pending: Vec::new() }
    }

    /// Takes `bytes`, and gives `each` line that is complete by them, or too long to be waited for.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            match part.strip_suffix(b"\n") {
                Some(end) => {
                    self.pending.extend_from_slice(end);
                    self.end_line(&mut each);
                }
                None => self.pending.extend_from_slice(part),
            }
            if self.pending.len() >= 2 * LONGEST + self.hold {
                self.shorten(&mut each);
            }
        }
    }

    /// Gives `each` what is left when nothing more comes.
    pub fn finish(&mut self, mut each: impl FnMut(&str)) {
        if !self.pending.is_empty() {
            self.end_line(&mut each);
        }
    }

    fn end_line(&mut self, each: &mut impl FnMut(&str)) {
        let line = std::mem::take(&mut self.pending);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        let text = self.redactor.redact(&String::from_utf8_lossy(line));
        let rest = cut(&text, LONGEST, each);
        each(rest);
    }

    /// Gives away the beginning of a line whose end is not in sight, as far as no secret can reach from there into what comes.
    fn shorten(&mut self, each: &mut impl FnMut(&str)) {
        let torn = self.pending.split_off(complete(&self.pending));
        let text = self.redactor.redact(&String::from_utf8_lossy(&self.pending));
        let rest = cut(&text, LONGEST + self.hold, each);
        self.pending = [rest.as_bytes(), &torn].concat();
    }
}

/// Gives `each` piece of [`LONGEST`] bytes, as long as there is more than `leave`; returns the rest.
fn cut<'a>(mut text: &'a str, leave: usize, each: &mut impl FnMut(&str)) -> &'a str {
    while text.len() > leave {
        let (piece, rest) = text.split_at(text.floor_char_boundary(LONGEST));
        each(piece);
        text = rest;
    }
    text
}

/// How many of `bytes` there are before a character that is cut off at the end.
fn complete(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let torn = bytes[tail..].iter().rposition(|byte| *byte >= 0xC0).map(|at| tail + at);
    torn.filter(|&at| std::str::from_utf8(&bytes[at..]).is_err_and(|error| error.error_len().is_none())).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of `text` when it arrives in chunks of `chunk` bytes.
    fn lines(text: &[u8], chunk: usize) -> Vec<String> {
        let secrets = [Secret::new("hunter22".to_owned()), Secret::new("first line\nsecond line".to_owned())];
        let mut lines = Lines::without(&secrets);
        let mut all = Vec::new();
        for part in text.chunks(chunk) {
            lines.push(part, |line| all.push(line.to_owned()));
        }
        lines.finish(|line| all.push(line.to_owned()));
        all
    }

    fn check(text: &str, expect: &[&str]) {
        for chunk in [1, 3, 1000] {
            assert_eq!(lines(text.as_bytes(), chunk), expect, "{text:?} by {chunk}");
        }
    }

    #[test]
    fn lines_are_lines_however_they_arrive() {
        check("", &[]);
        check("one\ntwo\r\n\nthree", &["one", "two", "", "three"]);
        check("añ€🦀\n", &["añ€🦀"]);
        assert_eq!(lines(b"a\xff\xc3\nb", 1), ["a\u{fffd}\u{fffd}", "b"]);
    }

    #[test]
    fn secrets_do_not_get_through() {
        check("login hunter22!\nfirst line\nsecond line\n", &["login ***!", "***", "***"]);
    }

    #[test]
    fn long_lines_are_split_and_hide_no_secret() {
        for before in LONGEST - 12..LONGEST + 12 {
            for chunk in [7, 4096] {
                let text = format!("{}hunter22{}", "ü".repeat(before / 2), "x".repeat(3 * LONGEST));
                let lines = lines(text.as_bytes(), chunk);
                assert!(lines.iter().all(|line| line.len() <= LONGEST), "{before} by {chunk}");
                assert_eq!(lines.concat(), text.replace("hunter22", "***"), "{before} by {chunk}");
            }
        }
    }
}
