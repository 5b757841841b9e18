//! Who deploys: a home of their own, and keys that are kept elsewhere.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::told;
use crate::Outcome;
use crate::command::{command, quiet, run};
use crate::hosts;

/// A person at a machine.
pub struct Operator {
    plimsoll: PathBuf,
    home: PathBuf,
    /// Where their private keys are: with them, not with the machine.
    keys: PathBuf,
}

/// A pair of SSH keys.
pub struct Key {
    /// Of the private one.
    pub path: PathBuf,
    /// The public one: its type and the key.
    pub public: String,
}

impl Operator {
    /// At a machine that has never seen Plimsoll.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn new(plimsoll: &Path, home: &Path) -> Result<Self, String> {
        let keys = home.with_extension("keys");
        fs::create_dir_all(&keys).map_err(told)?;
        Ok(Self { plimsoll: plimsoll.into(), home: home.into(), keys })
    }

    /// Another one, who has the keys of `other`.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn with_keys_of(plimsoll: &Path, home: &Path, other: &Self) -> Result<Self, String> {
        Ok(Self { keys: other.keys.clone(), ..Self::new(plimsoll, home)? })
    }

    /// A new pair of keys.
    ///
    /// # Errors
    /// When none can be made.
    pub fn key(&self, name: &str) -> Result<Key, String> {
        let path = self.keys.join(name);
        let mut keygen = command("ssh-keygen", "-q -t ed25519 -C drill -f");
        keygen.arg(&path).args(["-N", ""]);
        run(keygen)?;
        let public = fs::read_to_string(path.with_extension("pub")).map_err(told)?;
        Ok(Key { path, public: public.split_whitespace().take(2).collect::<Vec<_>>().join(" ") })
    }

    /// The project, from where it is kept.
    ///
    /// # Errors
    /// When it cannot be cloned.
    pub fn clone_of(&self, project: &Path) -> Result<PathBuf, String> {
        let own = self.home.with_extension("project");
        let mut clone = command("git", "clone --quiet");
        clone.arg(project).arg(&own);
        run(clone)?;
        Ok(own)
    }

    /// Runs `plimsoll` with these words in `folder`. Answers what it said.
    ///
    /// # Errors
    /// When it failed; with what it said.
    pub fn plimsoll(&self, folder: &Path, words: &str) -> Result<Value, String> {
        let mut command = Command::new(&self.plimsoll);
        command.arg("--identity").arg(self.keys.join("reader")).args(words.split_whitespace()).arg("--json").current_dir(folder);
        command.env("PLIMSOLL_HOME", &self.home).env("PLIMSOLL_SSH_CONFIG", hosts::ssh_config()).env_remove("SSH_AUTH_SOCK");
        let ended = command.stdin(Stdio::null()).stderr(Stdio::null()).output().map_err(told)?;
        let said = String::from_utf8_lossy(&ended.stdout);
        if !ended.status.success() {
            return Err(format!("plimsoll {words} ended with {}: {said}", ended.status));
        }
        serde_json::from_str(&said).map_err(|error| format!("plimsoll {words} said {said}: {error}"))
    }
}

/// Commits all that is in a folder.
///
/// # Errors
/// When git fails.
pub fn commit(folder: &Path) -> Outcome {
    for words in ["init --quiet --initial-branch=main", "add --all", "-c user.name=drill -c user.email=drill@example.org commit --quiet -m all"] {
        let mut git = command("git", words);
        git.current_dir(folder);
        quiet(git)?;
    }
    Ok(())
}

/// Writes into the guestbook.
///
/// # Errors
/// When it does not acknowledge that.
pub fn sign(host: &str, port: u16, message: &str) -> Outcome {
    let request = format!("POST / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{message}", message.len());
    let answer = ask(host, port, &request)?;
    if answer.starts_with("HTTP/1.1 201") { Ok(()) } else { Err(format!("the guestbook says: {answer}")) }
}

/// What the guestbook tells.
///
/// # Errors
/// When it tells nothing.
pub fn entries(host: &str, port: u16) -> Result<Vec<Value>, String> {
    let answer = ask(host, port, &format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))?;
    let document: Option<Value> = answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok());
    let entries = document.and_then(|document| document["entries"].as_array().cloned());
    entries.ok_or_else(|| format!("the guestbook says: {answer}"))
}

fn ask(host: &str, port: u16, request: &str) -> Result<String, String> {
    let mut stream = TcpStream::connect((host, port)).map_err(told)?;
    stream.write_all(request.as_bytes()).map_err(told)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(told)?;
    Ok(answer)
}
