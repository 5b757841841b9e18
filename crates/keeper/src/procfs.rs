//! Processes as `/proc` shows them: who there is, whose child, in which group.

use std::{fs, io};

/// What `/proc/PID/stat` says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its state, such as `R`, `S` or `Z`.
    pub state: char,
    /// Its parent.
    pub parent: i32,
    /// Its process group; 0 as for the session.
    pub group: i32,
    /// Its session; 0 when whoever leads it lives in a container outside of ours.
    pub session: i32,
    /// When it started, in clock ticks since the machine did. With the number, it tells one process from any other.
    pub start: u64,
}

impl Process {
    /// Whether it ended, and its parent has not asked how.
    #[must_use]
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// All processes that there are now.
#[must_use]
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter_map(one).collect()
}

/// The process `pid`, when there is one.
#[must_use]
pub fn one(pid: i32) -> Option<Process> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// This very process.
///
/// # Errors
/// Where there is no `/proc`.
pub fn own() -> io::Result<Process> {
    parse(&fs::read_to_string("/proc/self/stat")?).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The program's name, the second field, may hold blanks and parentheses: the other fields are counted from its last `)`.
fn parse(stat: &str) -> Option<Process> {
    let (pid, rest) = stat.split_once(" (")?;
    let fields: Vec<&str> = rest.rsplit_once(") ")?.1.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse().ok();
    Some(Process {
        pid: pid.parse().ok()?,
        state: fields.first()?.chars().next()?,
        parent: number(1)?,
        group: number(2)?,
        session: number(3)?,
        start: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "12 (a) S (b) R) Z 1 9 8 0 -1 4194304 106 0 0 0 0 0 0 0 20 0 1 0 122606 3133440 396 18446744073709551615\n";
        assert_eq!(parse(stat), Some(Process { pid: 12, state: 'Z', parent: 1, group: 9, session: 8, start: 122_606 }));
    }

    #[test]
    fn this_process_is_there() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert_eq!(all().into_iter().find(|process| process.pid == own).map(|process| process.start), one(own).map(|process| process.start));
        assert_eq!(one(own).map(|process| process.parent), Some(std::os::unix::process::parent_id() as i32));
    }
}
