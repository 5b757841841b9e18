//! The container engine that the hosts run in: one that is there, or Debian's, installed and started.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::folder;
use crate::Outcome;
use crate::command::{command, need};

/// How long an engine may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where a killed engine leaves the numbers of its processes; it does not start while they stand there and somebody else has them.
const PID_FILES: [&str; 2] = ["/var/run/docker.pid", "/var/run/docker/containerd/containerd.pid"];

/// Makes sure that an engine answers.
///
/// # Errors
/// When none can be installed or started.
pub fn ensure() -> Outcome {
    need(&["docker"], "docker.io")?;
    if answers() {
        return Ok(());
    }
    need(&["dockerd", "iptables"], "docker.io iptables")?;
    PID_FILES.iter().try_for_each(|file| forget_dead(Path::new(file)))?;
    start()
}

/// Whether an engine answers.
pub fn answers() -> bool {
    let asked = command("docker", "version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Ends the engine if it was started here.
///
/// # Errors
/// When it cannot be ended.
pub fn end() -> Outcome {
    let Some(pid) = started_here() else { return Ok(()) };
    let told = command("kill", &pid.to_string()).status().is_ok_and(|status| status.success());
    let begun = Instant::now();
    while told && is_engine(pid) && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(100));
    }
    if is_engine(pid) { Err(format!("the container engine, process {pid}, does not end")) } else { Ok(()) }
}

fn start() -> Outcome {
    fs::create_dir_all(folder()).map_err(|error| format!("{}: {error}", folder().display()))?;
    let log = folder().join("engine.log");
    let file = || fs::File::options().create(true).append(true).open(&log).map_err(|error| format!("{}: {error}", log.display()));
    let mut engine = Command::new("dockerd");
    // Its own group: what ends this task does not end the hosts.
    engine.args(["--log-level", "warn"]).stdin(Stdio::null()).stdout(file()?).stderr(file()?).process_group(0);
    let mut engine = engine.spawn().map_err(|error| format!("cannot start dockerd: {error}"))?;
    fs::write(pid_file(), engine.id().to_string()).map_err(|error| format!("{}: {error}", pid_file().display()))?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if answers() {
            return Ok(());
        }
        if let Ok(Some(status)) = engine.try_wait() {
            return Err(format!("dockerd ended with {status}; its log is {}", log.display()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(format!("dockerd does not answer; its log is {}", log.display()))
}

/// Deletes a file that names a process which is no engine any more.
fn forget_dead(file: &Path) -> Outcome {
    let pid = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    if pid.is_none_or(is_engine) {
        return Ok(());
    }
    fs::remove_file(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Whether this process is an engine that lives. One that was killed and that nobody has heard of yet has no program any more.
fn is_engine(pid: u32) -> bool {
    let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    ["dockerd", "containerd"].iter().any(|name| program.ends_with(name))
}

fn pid_file() -> PathBuf {
    folder().join("engine.pid")
}

fn started_here() -> Option<u32> {
    let pid = fs::read_to_string(pid_file()).ok()?.trim().parse().ok()?;
    is_engine(pid).then_some(pid)
}
