//! nginx itself: what it says of its configuration, its master process, and telling that to read it again.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use super::foreign::Foreign;
use super::generation;
use crate::policy::NginxPolicy;
use crate::trouble::Trouble;

/// The unit of Debian's nginx, which belongs to Debian's configuration.
const UNIT: &str = "nginx.service";
/// How many lines of what nginx said are shown.
const SHOWN: usize = 10;

/// What nginx says of the configuration on the disk.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The whole of it.
    pub(super) dump: String,
    /// Servers that take each other's requests. It warns of them, and one of the two is never asked.
    pub(super) conflicts: BTreeSet<String>,
}

impl Told {
    pub(super) fn foreign(&self) -> Foreign {
        Foreign::read(&self.dump)
    }

    /// Judges a configuration beside the one `before`: no new conflicts, and our files read where there are to be any.
    pub(super) fn judge(&self, before: &Told, policy: &NginxPolicy, ours: bool) -> Result<(), Trouble> {
        if let Some(conflict) = self.conflicts.difference(&before.conflicts).next() {
            return Err(refused(conflict, Vec::new()));
        }
        let file = policy.folder.join(generation::FILE);
        if ours && !self.dump.lines().any(|line| line == format!("# configuration file {}:", file.display())) {
            let why = format!("{} does not include the files in {}", policy.config.display(), policy.folder.display());
            return Err(Trouble::new("nginx-not-included", why).with_help(format!(
                "write `include {}/*.conf;` into its block `http`, or correct [nginx] in the host's policy file",
                policy.folder.display()
            )));
        }
        Ok(())
    }
}

/// Reads the configuration on the disk with nginx's own eyes.
///
/// # Errors
/// `nginx-refused` in nginx's words, which name file and line; `nginx-missing` when there is no nginx.
pub(super) async fn look(policy: &NginxPolicy) -> Result<Told, Trouble> {
    let output = run(&policy.binary, &["-T".as_ref(), "-c".as_ref(), &policy.config]).await?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let lines: Vec<String> = said.lines().map(str::to_owned).collect();
        let why = lines.iter().find(|line| line.contains("[emerg]")).or(lines.first()).cloned().unwrap_or_else(|| output.status.to_string());
        return Err(refused(&why, lines.into_iter().take(SHOWN).collect()));
    }
    let conflicts = said.lines().filter(|line| line.contains("conflicting server name")).map(str::to_owned).collect();
    Ok(Told { dump: String::from_utf8_lossy(&output.stdout).into_owned(), conflicts })
}

fn refused(why: &str, output: Vec<String>) -> Trouble {
    Trouble::new("nginx-refused", format!("nginx refuses the configuration: {}", words(why)))
        .with_help("what was there before is in its place again; correct what nginx names, and deploy again")
        .with_output(output)
}

/// What a line says, without the time and the process that said it.
fn words(line: &str) -> &str {
    let said = line.split_once("] ").map_or(line, |(_, said)| said);
    said.split_once(": ").filter(|(process, _)| process.bytes().all(|b| b.is_ascii_digit() || b == b'#')).map_or(said, |(_, said)| said)
}

/// The master process, while it runs. What is left of a file of one that was killed may name any process.
pub(super) fn master(policy: &NginxPolicy) -> Option<u32> {
    let pid = std::fs::read_to_string(&policy.pid).ok()?.trim().parse().ok()?;
    title(pid).is_some_and(|title| title.starts_with("nginx: master process")).then_some(pid)
}

/// What a process calls itself.
pub(super) fn title(pid: u32) -> Option<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Tells the master process to read its configuration again, which loses no connection.
pub(super) fn reload(master: u32) -> Result<(), Trouble> {
    let pid = i32::try_from(master).ok().and_then(Pid::from_raw);
    let told = pid.map_or(Err(rustix::io::Errno::SRCH), |pid| kill_process(pid, Signal::HUP));
    told.map_err(|error| {
        Trouble::new("nginx-down", format!("nginx (process {master}) cannot be told to read its configuration: {error}"))
            .with_help("run the daemon as the user that nginx's master process runs as")
    })
}

/// Starts nginx as the system does.
///
/// # Errors
/// `nginx-down` when nobody is known who starts it, or it does not start.
pub(super) async fn start(policy: &NginxPolicy) -> Result<(), Trouble> {
    let is_debians = policy.config == NginxPolicy::default().config && Path::new("/run/systemd/system").is_dir();
    let Some(unit) = policy.unit.as_deref().or(is_debians.then_some(UNIT)) else {
        let why = format!("nginx does not run: {} names no process of it", policy.pid.display());
        let by_hand = format!("start it, such as with `{} -c {}`", policy.binary.display(), policy.config.display());
        return Err(Trouble::new("nginx-down", why).with_help(by_hand));
    };
    let output = run("systemctl".as_ref(), &["start".as_ref(), unit.as_ref()]).await?;
    if output.status.success() {
        return Ok(());
    }
    let lines = String::from_utf8_lossy(&output.stderr).lines().take(SHOWN).map(str::to_owned).collect();
    Err(Trouble::new("nginx-down", format!("{unit} does not start")).with_help(format!("see `journalctl -u {unit}`")).with_output(lines))
}

#[expect(clippy::disallowed_methods, reason = "nginx and what starts it: short runs whose output is read")]
async fn run(program: &Path, args: &[&Path]) -> Result<Output, Trouble> {
    let ran = Command::new(program).args(args).stdin(Stdio::null()).kill_on_drop(true).output().await;
    ran.map_err(|error| {
        Trouble::new("nginx-missing", format!("cannot run {}: {error}", program.display()))
            .with_help("install nginx (on Debian: nginx-light), or name it as `binary` in [nginx] of the host's policy file")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nginx_is_quoted_without_its_preamble() {
        for (line, expect) in [
            ("nginx: [emerg] unknown directive \"a: b\" in /x:1", "unknown directive \"a: b\" in /x:1"),
            ("2026/11/21 21:50:34 [emerg] 1907#1907: unknown directive \"a\" in /x:1", "unknown directive \"a\" in /x:1"),
            ("exit status: 1", "exit status: 1"),
        ] {
            assert_eq!(words(line), expect);
        }
    }

    #[test]
    fn conflicts_are_ours_when_they_are_new() {
        let policy = NginxPolicy::default();
        let told = |conflicts: &[&str]| Told {
            dump: "# configuration file /etc/nginx/conf.d/plimsoll.conf:\n".into(),
            conflicts: conflicts.iter().map(|line| (*line).to_owned()).collect(),
        };
        let conflict = "nginx: [warn] conflicting server name \"a\" on 0.0.0.0:80, ignored";
        assert_eq!(told(&[conflict]).judge(&told(&[conflict]), &policy, true), Ok(()));
        let trouble = told(&[conflict]).judge(&told(&[]), &policy, true).unwrap_err();
        assert_eq!(trouble.message, "nginx refuses the configuration: conflicting server name \"a\" on 0.0.0.0:80, ignored");
    }
}
