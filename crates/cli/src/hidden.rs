//! Reading a line from the terminal that nobody shall see: it is not echoed, and the terminal is what it was afterwards.

use std::fs::{File, OpenOptions};
use std::io::{self, Bytes, Read, Write};

use plimsoll_model::Secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// A character longer than one byte begins with none of these.
const CONTINUES: std::ops::RangeInclusive<u8> = 0x80..=0xbf;

/// The answer to `question`; none when there is no terminal, or when whoever sits there wants to leave.
pub fn ask(question: &str) -> Option<Secret<String>> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    let quiet = Quiet::begin(&terminal).ok()?;
    let mut screen = &terminal;
    write!(screen, "{question}").and_then(|()| screen.flush()).ok()?;
    #[expect(clippy::unbuffered_bytes, reason = "what is typed after the line is for others, and nobody types fast enough to notice")]
    let line = typed((&terminal).bytes());
    drop(quiet);
    let _ = writeln!(screen);
    line
}

/// A terminal that echoes nothing and takes no key for a signal: Ctrl-C must not end the process before the echo is back.
struct Quiet<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> Quiet<'t> {
    fn begin(terminal: &'t File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs no echo.
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

/// The line that these keys make; none when one of them says to leave.
fn typed(keys: Bytes<impl Read>) -> Option<Secret<String>> {
    let mut line = Vec::new();
    for key in keys {
        match key.ok()? {
            b'\r' | b'\n' => return String::from_utf8(line).ok().map(Secret::new),
            // Ctrl-C, and Ctrl-D where nothing was typed.
            0x03 => return None,
            0x04 if line.is_empty() => return None,
            // Backspace.
            0x08 | 0x7f => while line.pop().is_some_and(|byte| CONTINUES.contains(&byte)) {},
            // Ctrl-U.
            0x15 => line.clear(),
            key => line.push(key),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_make_a_line() {
        let check = |keys: &str, expect: Option<&str>| {
            let line = typed(keys.as_bytes().bytes());
            assert_eq!(line.as_ref().map(|line| line.expose().as_str()), expect, "{keys:?}");
        };
        check("hunter22\r", Some("hunter22"));
        check("a\u{7f}\u{7f}bé\u{7f}c\n", Some("bc"));
        check("wrong\u{15}right\n", Some("right"));
        check("half\u{3}", None);
        check("\u{4}", None);
        check("never ended", None);
    }
}
