//! Why `ssh` does not come through: judged by how it ended and what it said, and told with what to do.

use plimsoll_api::HostError;
use plimsoll_model::HostName;
use plimsoll_model::deployment::Failure;

use super::Ended;
use crate::dial;

/// Longest part of what others said that is repeated, in characters.
const LONGEST: usize = 300;

/// Why there is no way to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// This machine has no `ssh`, or it cannot be started.
    NoSsh(String),
    /// Its configuration cannot be used.
    Configuration(String),
    /// Nobody knows an address for the name.
    NameUnknown(String),
    /// No network leads there.
    NoRoute(String),
    /// Nobody listens there.
    Refused(String),
    /// No answer in time.
    TimedOut(String),
    /// The host's key is not known here.
    HostKeyUnknown,
    /// The host has another key than it had.
    HostKeyChanged(String),
    /// The host does not let us in: no such user, or none of our keys is his.
    Denied(String),
    /// The host would take the key, whose passphrase is missing or wrong.
    KeyLocked(String),
    /// The connection broke.
    Disconnected(String),
    /// The host has no Plimsoll.
    NoPlimsoll,
    /// The Plimsoll there is made for another kind of machine.
    OtherMachine(String),
    /// The host's disk is full.
    NoSpace(String),
    /// What Plimsoll itself said there.
    There(Failure),
    /// Anything else.
    Other(String),
}

/// Makes a fault of what was said.
type Meaning = fn(String) -> Fault;

/// Texts of `ssh` and what they mean, the more telling ones first: a changed key, for one, is also told as one that could not be verified.
/// Those of the second part are looked for when there is none of the first.
const TEXTS: &[(&str, Meaning)] = &[
    ("remote host identification has changed", Fault::HostKeyChanged),
    ("host key verification failed", |_| Fault::HostKeyUnknown),
    ("bad configuration option", Fault::Configuration),
    ("can't open user config file", Fault::Configuration),
    ("bad owner or permissions on", Fault::Configuration),
    ("could not resolve hostname", Fault::NameUnknown),
    ("permission denied (", Fault::Denied),
    ("too many authentication failures", Fault::Denied),
    ("no supported authentication methods", Fault::Denied),
    ("connection refused", Fault::Refused),
    ("no route to host", Fault::NoRoute),
    ("network is unreachable", Fault::NoRoute),
    ("host is down", Fault::NoRoute),
    ("timed out", Fault::TimedOut),
    ("timeout, server", Fault::Disconnected),
    ("connection closed by", Fault::Disconnected),
    ("connection reset by", Fault::Disconnected),
    ("closed by remote host", Fault::Disconnected),
    ("broken pipe", Fault::Disconnected),
    ("shared connection to", Fault::Disconnected),
];

/// What `ssh -v` says of a key that the host would take.
const ACCEPTED: &str = "server accepts key: ";

impl Fault {
    /// What it means that `ssh` ended so.
    pub fn judge(ended: &Ended) -> Self {
        let last = || short(ended.said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default());
        if let Some(failure) = dial::told(&ended.said) {
            return Self::There(failure);
        }
        match ended.status {
            Some(0) => Self::Disconnected("the host ended the connection".into()),
            Some(126) if ended.said.contains("xec format error") => Self::OtherMachine(last()),
            Some(127) => Self::NoPlimsoll,
            Some(255) | None => by_text(&ended.said).unwrap_or_else(|| Self::Other(last())),
            Some(_) if ended.said.contains("No space left on device") => Self::NoSpace(last()),
            Some(_) => Self::Other(last()),
        }
    }

    /// The same, when `ssh -v` has told more of why the host does not let us in.
    pub fn with_more(self, said: &str) -> Self {
        let accepted = || said.lines().find_map(|line| line.to_lowercase().find(ACCEPTED).and_then(|at| line.get(at + ACCEPTED.len()..)));
        match self {
            Self::Denied(why) => accepted().map_or(Self::Denied(why), |key| Self::KeyLocked(short(key.split(' ').next().unwrap_or(key)))),
            other => other,
        }
    }

    /// What it is when the connection stood already: then the host may have done what it was asked.
    pub fn midway(self) -> Self {
        if let Self::Disconnected(_) = self { self } else { Self::Disconnected(self.why()) }
    }

    /// Whether trying again a little later may help.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::TimedOut(_) | Self::Disconnected(_))
    }

    /// Whether somebody who is asked could help: with a passphrase, or by knowing the host.
    pub fn can_be_asked(&self) -> bool {
        matches!(self, Self::HostKeyUnknown | Self::Denied(_) | Self::KeyLocked(_))
    }

    /// Stable name.
    pub fn code(&self) -> &str {
        match self {
            Self::NoSsh(_) => "ssh-missing",
            Self::Configuration(_) => "ssh-configuration",
            Self::NameUnknown(_) => "ssh-name-unknown",
            Self::NoRoute(_) => "ssh-no-route",
            Self::Refused(_) => "ssh-refused",
            Self::TimedOut(_) => "ssh-timeout",
            Self::HostKeyUnknown => "ssh-host-key-unknown",
            Self::HostKeyChanged(_) => "ssh-host-key-changed",
            Self::Denied(_) => "ssh-permission-denied",
            Self::KeyLocked(_) => "ssh-key-locked",
            Self::Disconnected(_) => "ssh-disconnected",
            Self::NoPlimsoll => "plimsoll-missing",
            Self::OtherMachine(_) => "platform-unfit",
            Self::NoSpace(_) => "disk-full",
            Self::There(failure) => &failure.code,
            Self::Other(_) => "ssh-failed",
        }
    }

    /// What it is to who asked something of the host.
    pub fn on(self, host: &HostName) -> HostError {
        let (code, why, help) = (self.code().to_owned(), self.why(), self.help(host));
        match self {
            Self::Refused(_) | Self::TimedOut(_) | Self::Disconnected(_) | Self::NameUnknown(_) | Self::NoRoute(_) => {
                HostError::Unreachable { host: host.clone(), code, why, help }
            }
            Self::There(failure) => HostError::Barred { host: host.clone(), failure },
            _ => HostError::Barred { host: host.clone(), failure: Failure::new(code, why).with_help(help) },
        }
    }

    fn why(&self) -> String {
        match self {
            Self::NoSsh(why) => format!("the program ssh cannot be started here: {why}"),
            Self::Configuration(why) => format!("the configuration of ssh cannot be used: {why}"),
            Self::NameUnknown(said) => format!("nobody knows an address for its name ({said})"),
            Self::NoRoute(said) => format!("no network leads there ({said})"),
            Self::Refused(said) => format!("nothing listens for SSH there ({said})"),
            Self::TimedOut(said) => format!("it does not answer in time ({said})"),
            Self::HostKeyUnknown => "its host key is not known here, so it could be anyone".into(),
            Self::HostKeyChanged(_) => "its host key is another one than before: it was set up anew, or somebody stands between".into(),
            Self::Denied(said) => format!("it does not let this login in: there is no such user, or none of the keys offered is his ({said})"),
            Self::KeyLocked(key) => format!("it would take the key {key}, whose passphrase is missing or wrong"),
            Self::Disconnected(said) => format!("the connection broke ({said})"),
            Self::NoPlimsoll => "it has no plimsoll".into(),
            Self::OtherMachine(said) => format!("its plimsoll is made for another kind of machine ({said})"),
            Self::NoSpace(said) => format!("its disk is full ({said})"),
            Self::There(failure) => failure.message.clone(),
            Self::Other(said) if said.is_empty() => "ssh failed without a word".into(),
            Self::Other(said) => format!("ssh failed: {said}"),
        }
    }

    fn help(&self, host: &HostName) -> String {
        match self {
            Self::NoSsh(_) => "install it; on Debian: apt install openssh-client".into(),
            Self::Configuration(_) => format!("set it right until this works: ssh {host} true"),
            Self::NameUnknown(_) => "see that the name in the manifest is written right, and that ~/.ssh/config or DNS knows it".into(),
            Self::NoRoute(_) => "see that this machine is on the network, and the VPN if there is one".into(),
            Self::Refused(_) => "see that the machine and its sshd run, and that the port is right (Port in ~/.ssh/config)".into(),
            Self::TimedOut(_) => "see that the machine runs, and that no firewall stands between".into(),
            Self::HostKeyUnknown => format!("compare the key with one that you trust, and accept it once by hand: ssh {host}"),
            Self::HostKeyChanged(_) => {
                let name = host.as_str().rsplit_once('@').map_or(host.as_str(), |(_, name)| name);
                format!("find out why; if it was set up anew, forget the old key: ssh-keygen -R {name}")
            }
            Self::Denied(_) => format!("make this work first: ssh {host} true"),
            Self::KeyLocked(key) => format!("unlock it for this session: ssh-add {key}"),
            Self::Disconnected(_) => "run the command again: it settles what was cut off".into(),
            Self::NoPlimsoll => format!("install it: plimsoll host add {host}"),
            Self::OtherMachine(_) => "install the build of plimsoll for that machine there, as ~/.local/bin/plimsoll".into(),
            Self::NoSpace(_) => "make room on it, then try again".into(),
            Self::There(failure) => failure.help.clone().unwrap_or_else(|| format!("see what this tells: ssh {host} plimsoll host facts")),
            Self::Other(_) => format!("see what this tells: ssh -v {host} true"),
        }
    }
}

/// The fingerprint of the key that the host took last, out of what `ssh -v` says.
pub(crate) fn accepted(said: &str) -> Option<String> {
    let lines = said.lines().rev().filter_map(|line| line.get(line.to_lowercase().find(ACCEPTED)? + ACCEPTED.len()..));
    lines.filter_map(|told| told.split_whitespace().find(|word| word.starts_with("SHA256:"))).map(str::to_owned).next()
}

/// Which of the texts is there: each line is looked at for the most telling one.
fn by_text(said: &str) -> Option<Fault> {
    TEXTS.iter().find_map(|(text, fault)| said.lines().find(|line| line.to_lowercase().contains(text)).map(|line| fault(short(line.trim()))))
}

/// The beginning of what somebody said, without what could play tricks on a terminal.
fn short(said: &str) -> String {
    said.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests;
