//! A folder of another machine, by the `sftp` of the system's OpenSSH: it needs no shell there, and a login that may do nothing else is enough.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_model::Secret;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::Object;
use crate::error::Why;

/// What the machine is called in the file of known hosts: it is known by its key alone.
const ALIAS: &str = "plimsoll-copies";
/// How often it is asked whether it is still there, in seconds; it is given up after three times without an answer.
const ALIVE_S: u32 = 20;

/// As whom, and where.
pub(crate) struct Login {
    pub user: String,
    pub host: String,
    pub port: u16,
    pub host_key: String,
}

pub(crate) struct Sftp {
    login: Login,
    key: Secret<String>,
    scratch: PathBuf,
}

/// The files that `sftp` reads, gone when it has ended.
struct Files {
    key: PathBuf,
    known_hosts: PathBuf,
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in [&self.key, &self.known_hosts] {
            // The folder is for nobody else's eyes, and the next one writes it anew.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Sftp {
    pub fn new(login: Login, key: Secret<String>, scratch: &Path) -> Self {
        Self { login, key, scratch: scratch.to_path_buf() }
    }

    pub async fn list(&self, folder: &str) -> Result<Vec<Object>, Why> {
        // With the dash, a folder that is not there ends nothing.
        let (out, err) = self.run(&format!("-ls -ln {folder}\n")).await?;
        let is_missing = err.contains("not found") || err.contains("No such file");
        if !is_missing && let Some(complaint) = complaint(&err) {
            return Err(Why::Denied(complaint.to_owned()));
        }
        Ok(out.lines().filter_map(listed).filter(|object| !object.name.ends_with(PART)).collect())
    }

    pub async fn put(&self, folder: &str, name: &str, file: &Path) -> Result<(), Why> {
        let mut batch = String::new();
        for (end, _) in folder.match_indices('/').skip(1).chain([(folder.len(), "")]) {
            // One that is there cannot be made, and that is no failure.
            batch += &format!("-mkdir {}\n", &folder[..end]);
        }
        let target = format!("{folder}/{name}");
        batch += &format!("put -f {} {target}{PART}\nrename {target}{PART} {target}\n", quoted(file));
        self.run(&batch).await.map(drop)
    }

    pub async fn get(&self, path: &str, file: &Path) -> Result<(), Why> {
        self.run(&format!("get -f {path} {}\n", quoted(file))).await.map(drop)
    }

    pub async fn delete(&self, path: &str) -> Result<(), Why> {
        self.run(&format!("rm {path}\n")).await.map(drop)
    }

    /// What was printed, and what was complained about, when all of `batch` was done.
    async fn run(&self, batch: &str) -> Result<(String, String), Why> {
        let files = self.files().map_err(Why::Local)?;
        let mut command = self.command(&files);
        let mut child = command.spawn().map_err(unstarted)?;
        let mut stdin = child.stdin.take().ok_or_else(|| Why::Other("sftp takes no commands".into()))?;
        // It may have ended already, and tells why.
        drop(stdin.write_all(batch.as_bytes()).await);
        drop(stdin);
        let ended = child.wait_with_output().await.map_err(Why::Local)?;
        let (out, err) = (String::from_utf8_lossy(&ended.stdout).into_owned(), String::from_utf8_lossy(&ended.stderr).into_owned());
        if ended.status.success() { Ok((out, err)) } else { Err(refusal(&err, ended.status.code())) }
    }

    #[expect(clippy::disallowed_methods, reason = "the process is ours, ends with its batch, and gets nothing of our environment")]
    fn command(&self, files: &Files) -> Command {
        let Login { user, host, port, .. } = &self.login;
        let mut command = Command::new("sftp");
        command.args(["-F", "none", "-b", "-", "-P", &port.to_string()]);
        let settings = [
            format!("IdentityFile={}", quoted(&files.key)),
            format!("UserKnownHostsFile={}", quoted(&files.known_hosts)),
            format!("HostKeyAlias={ALIAS}"),
            format!("ServerAliveInterval={ALIVE_S}"),
            "ServerAliveCountMax=3".into(),
            "ConnectTimeout=20".into(),
            "ConnectionAttempts=3".into(),
            "LogLevel=ERROR".into(),
            "BatchMode=yes".into(),
            "IdentitiesOnly=yes".into(),
            "StrictHostKeyChecking=yes".into(),
            "GlobalKnownHostsFile=/dev/null".into(),
            "PreferredAuthentications=publickey".into(),
        ];
        command.args(settings.iter().flat_map(|setting| ["-o", setting.as_str()])).arg(format!("{user}@{host}"));
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn files(&self) -> io::Result<Files> {
        // Of their own: others may be asking as well.
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let own = |name: &str| self.scratch.join(format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        let files = Files { key: own("ssh-key"), known_hosts: own("known-hosts") };
        let write = |path: &Path, text: &str| {
            let _ = std::fs::remove_file(path);
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
        };
        write(&files.key, &format!("{}\n", self.key.expose().trim()))?;
        write(&files.known_hosts, &format!("{ALIAS} {}\n", self.login.host_key))?;
        Ok(files)
    }
}

/// How a file is called there until it is whole.
const PART: &str = ".part";

/// A line of `ls -ln`: its size is the fifth word, and its path the last.
fn listed(line: &str) -> Option<Object> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_file = words.first()?.starts_with('-');
    let name = words.last()?.rsplit('/').next()?;
    let bytes = words.get(4)?.parse().ok()?;
    is_file.then(|| Object { name: name.to_owned(), bytes })
}

/// A path of this machine, for a batch and for a setting alike.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display().to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

fn unstarted(error: io::Error) -> Why {
    match error.kind() {
        io::ErrorKind::NotFound => Why::Other("this host has no `sftp`: on Debian, apt install openssh-client".into()),
        _ => Why::Local(error),
    }
}

/// The last thing that it complained about: but for folders that are there already, and for what follows from the rest.
fn complaint(err: &str) -> Option<&str> {
    let lines = || err.lines().map(str::trim).filter(|line| !line.is_empty() && !line.contains("mkdir"));
    lines().rfind(|line| !line.starts_with("Connection closed")).or_else(|| lines().next_back())
}

fn refusal(err: &str, code: Option<i32>) -> Why {
    let message = complaint(err).map_or_else(|| format!("sftp ended with {code:?}"), str::to_owned);
    let has = |texts: &[&str]| texts.iter().any(|text| err.contains(text));
    if has(&["Permission denied", "Host key verification failed", "invalid format", "error in libcrypto"]) {
        return Why::Denied(if err.contains("Host key verification failed") { "it shows another key than `host_key`".into() } else { message });
    }
    if has(&["not found", "No such file"]) {
        return Why::Missing(message);
    }
    // That is how the connection itself fails.
    if code == Some(255) { Why::Unreachable(message) } else { Why::Other(message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_sftp_writes_it() {
        let out = "sftp> -ls -ln /srv/b\n-rw-------    1 1000     1000        20480 Nov 22 11:00 /srv/b/20261122-090726485-5141.tar\n\
                   drwxr-xr-x    ? 0        0            4096 Nov 22 11:00 /srv/b/sub\n";
        let found: Vec<Object> = out.lines().filter_map(listed).collect();
        assert_eq!(found, [Object { name: "20261122-090726485-5141.tar".into(), bytes: 20_480 }]);
    }

    #[test]
    fn what_sftp_says_is_understood() {
        let check = |err: &str, code: i32, expect: &str| {
            let why = refusal(err, Some(code));
            assert!(format!("{why:?}").starts_with(expect), "{err}: {why:?}");
        };
        check("u@h: Permission denied (publickey).\nConnection closed\n", 255, "Denied(\"u@h: Permission denied");
        check("No ED25519 host key is known for plimsoll-copies\nHost key verification failed.\nConnection closed", 255, "Denied(\"it shows");
        check("ssh: connect to host 127.0.0.1 port 1: Connection refused\nConnection closed", 255, "Unreachable");
        check("File \"/srv/b/x\" not found.", 1, "Missing");
        check("remote mkdir \"/srv\": Failure\nremote open(\"/srv/x\"): Failure", 1, "Other(\"remote open");
    }
}
