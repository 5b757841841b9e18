//! What the system tells of running processes, from `/proc`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Pids of the processes that run `program` for `home`: as `PLIMSOLL_HOME`, or by an argument below it.
pub fn running(program: &Path, home: &Path) -> Vec<u32> {
    let home = home.to_string_lossy();
    let variable = format!("PLIMSOLL_HOME={home}");
    let in_home = |pid: u32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        command_line(pid).contains(&*home) || environ.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
    };
    all().filter(|pid| fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == program) && in_home(*pid)).collect()
}

/// The process and all that descend from it.
pub fn family(pid: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = all().filter_map(|pid| Some((pid, stat(pid)?.get(1)?.parse().ok()?))).collect();
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        next += 1;
    }
    family
}

/// The command line of a process, its words separated by spaces.
pub fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned()
}

/// CPU time that these processes have used so far, in microseconds, to the tick of 10 ms.
pub fn cpu_us(pids: &[u32]) -> f64 {
    let ticks = |pid: &u32| -> f64 {
        let fields = stat(*pid).unwrap_or_default();
        fields.iter().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum()
    };
    pids.iter().map(ticks).sum::<f64>() * 10_000.0
}

/// Resident memory of these processes, in megabytes; what they share is counted for each.
pub fn resident_mb(pids: &[u32]) -> f64 {
    pids.iter().filter_map(|pid| counted(&format!("/proc/{pid}/status"), "VmRSS:")).sum::<f64>() * 1024.0 / 1e6
}

/// Memory that a process shares with no other, in megabytes.
pub fn own_mb(pid: u32) -> f64 {
    counted(&format!("/proc/{pid}/status"), "RssAnon:").unwrap_or(f64::NAN) * 1024.0 / 1e6
}

/// The most memory that a process has ever had, in megabytes.
pub fn peak_mb(pid: u32) -> f64 {
    counted(&format!("/proc/{pid}/status"), "VmHWM:").unwrap_or_default() * 1024.0 / 1e6
}

/// How often each thread of these processes has woken up by itself so far.
pub struct WakeUps(HashMap<PathBuf, f64>);

impl WakeUps {
    /// Up to now.
    pub fn so_far(pids: &[u32]) -> Self {
        let threads = pids.iter().filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok()).flatten().flatten();
        let told = threads.map(|thread| thread.path().join("status")).filter_map(|status| {
            let count = counted(&status.to_string_lossy(), "voluntary_ctxt_switches:")?;
            Some((status, count))
        });
        Self(told.collect())
    }

    /// Those of all threads since `before`. A thread that has ended since is not counted, nor taken off.
    pub fn since(&self, before: &Self) -> f64 {
        self.0.iter().map(|(thread, count)| count - before.0.get(thread).unwrap_or(&0.0)).sum()
    }
}

fn all() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The fields of `/proc/PID/stat` behind the name of the program: the state comes first, then the parent.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(String::from).collect())
}

/// The number behind `key` in a file of `KEY: NUMBER` lines.
fn counted(path: &str, key: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    #[test]
    fn only_threads_that_are_left_are_counted() {
        let woken = |threads: &[(&str, f64)]| WakeUps(threads.iter().map(|(thread, count)| (PathBuf::from(thread), *count)).collect());
        assert_eq!(woken(&[("stays", 12.0), ("new", 3.0)]).since(&woken(&[("stays", 10.0), ("ended", 50.0)])), 5.0);
        assert!(!WakeUps::so_far(&[std::process::id()]).0.is_empty());
    }

    #[test]
    fn a_process_finds_itself() {
        let own = std::process::id();
        assert!(family(own).contains(&own) && resident_mb(&[own]) > 0.0);
        assert!(command_line(own).contains("xtask"));
        assert!(running(Path::new("/nowhere"), Path::new("/")).is_empty());
    }
}
