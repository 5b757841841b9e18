//! What the system tells of running processes, from `/proc`.

use std::fs;
use std::path::Path;

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

/// How often the threads of these processes have woken up by themselves so far.
pub fn wake_ups(pids: &[u32]) -> f64 {
    let threads = pids.iter().filter_map(|pid| fs::read_dir(format!("/proc/{pid}/task")).ok()).flatten().flatten();
    threads.filter_map(|thread| counted(&thread.path().join("status").to_string_lossy(), "voluntary_ctxt_switches:")).sum()
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
    fn a_process_finds_itself() {
        let own = std::process::id();
        assert!(family(own).contains(&own) && resident_mb(&[own]) > 0.0 && wake_ups(&[own]) >= 0.0);
        assert!(command_line(own).contains("xtask"));
        assert!(running(Path::new("/nowhere"), Path::new("/")).is_empty());
    }
}
