//! The measures, one file each: what a server is judged by, and what is done where it falls short. They look at facts and change nothing.

mod admin;
mod daemon;
mod firewall;
mod login;
mod program;
mod sshd;
mod swap;
mod time;
mod updates;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Deed, Facts, Wishes};

pub(crate) use admin::sudoers;
pub(crate) use daemon::SOCKET;
pub(crate) use firewall::{RULES, WEB, read_ports};

/// Their names, in the order in which they are taken.
pub const NAMES: [&str; 9] = ["admin", "login", "program", "daemon", "updates", "time", "swap", "firewall", "sshd"];

/// Files of root's that measures write, and look at first.
pub(crate) const FILES: [&str; 7] =
    [daemon::SERVICE.0, daemon::SOCKET.0, daemon::PUBLIC, firewall::RULES, firewall::UNIT.0, sshd::SETTINGS.0, updates::SETTINGS.0];

/// Packages that measures ask for.
pub(crate) const PACKAGES: [&str; 4] = ["nftables", "sudo", "systemd-timesyncd", "unattended-upgrades"];

/// When a measure is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// At once.
    Open,
    /// When both logins have been tried: it could lock somebody out, and is undone when they fail afterwards.
    Closing,
}

/// What a measure says of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Verdict {
    /// All is as it should be.
    Fine,
    /// There is nothing to be done here, and why.
    Spared {
        /// Why.
        why: String,
    },
    /// Something is to be done.
    Do {
        /// What, in words.
        what: String,
        /// The same as deeds.
        deeds: Vec<Deed>,
    },
    /// It cannot be done, and nothing is done at all before somebody has changed that.
    Barred {
        /// Why.
        why: String,
        /// What to do.
        help: String,
    },
}

/// A measure and what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The name of the measure.
    pub measure: String,
    /// When it is taken.
    pub stage: Stage,
    /// What it says.
    pub verdict: Verdict,
}

/// What all of them say, in the order in which they are taken.
#[must_use]
pub fn judge(facts: &Facts, wishes: &Wishes) -> Vec<Judged> {
    let one = |name: &str| {
        let stage = if matches!(name, "firewall" | "sshd") { Stage::Closing } else { Stage::Open };
        let verdict =
            if wishes.without.contains(name) { Verdict::Spared { why: "it was to be left as it is".into() } } else { ask(name, facts, wishes) };
        Judged { measure: name.into(), stage, verdict }
    };
    NAMES.into_iter().map(one).collect()
}

fn ask(name: &str, facts: &Facts, wishes: &Wishes) -> Verdict {
    match name {
        "admin" => admin::judge(facts, wishes),
        "login" => login::judge(facts, wishes),
        "program" => program::judge(facts),
        "daemon" => daemon::judge(facts),
        "updates" => updates::judge(facts),
        "time" => time::judge(facts),
        "swap" => swap::judge(facts),
        "firewall" => firewall::judge(facts, wishes),
        _ => sshd::judge(facts),
    }
}

impl Verdict {
    fn spared(why: impl Into<String>) -> Self {
        Self::Spared { why: why.into() }
    }

    /// Fine when there is nothing to do.
    fn of(what: Vec<String>, deeds: Vec<Deed>) -> Self {
        if deeds.is_empty() { Self::Fine } else { Self::Do { what: what.join(", "), deeds } }
    }
}

/// The deed that gives a file of root's its content, unless it has it.
fn file(facts: &Facts, (path, content): (&str, &str)) -> Option<Deed> {
    (facts.files.get(path).map(String::as_str) != Some(content)).then(|| Deed::file(path, content))
}

/// The deeds that install a package, unless it is there.
fn package(facts: &Facts, name: &str) -> Vec<Deed> {
    if facts.packages.contains(name) {
        return Vec::new();
    }
    // What was installed stays when the rest is undone: others may have come to need it.
    vec![Deed::run("apt-get update --quiet"), Deed::run(&format!("apt-get install --quiet --yes --no-install-recommends {name}"))]
}

#[cfg(test)]
mod tests;
