//! A bare script: everything through `tar` and `ssh`, and a restart.

use std::process::Command;

use super::Tool;
use super::fleet::Fleet;
use super::peer::{Peer, SCRIPT};
use super::release::Release;
use crate::Outcome;
use crate::command::quiet;
use crate::hosts::{self, Machine};

/// `$0` is what `ssh` reads, the rest are hosts; all of them at once.
const TEXT: &str = "\
config=$0
pids=
for host; do
    tar c . | ssh -F \"$config\" \"admin@$host\" 'sudo sh -ec \"rm -rf /srv/script.new /srv/script.old; mkdir /srv/script.new; \
      tar x -C /srv/script.new; if [ -e /srv/script ]; then mv /srv/script /srv/script.old; fi; mv /srv/script.new /srv/script; \
      systemctl restart script\"' &
    pids=\"$pids $!\"
done
for pid in $pids; do wait \"$pid\" || exit 1; done
";

/// The script.
pub struct Script<'a> {
    fleet: &'a Fleet,
    release: &'a Release,
}

impl<'a> Script<'a> {
    /// For these hosts.
    pub fn new(fleet: &'a Fleet, release: &'a Release) -> Self {
        Self { fleet, release }
    }
}

impl Tool for Script<'_> {
    fn name(&self) -> &'static str {
        SCRIPT.name
    }

    fn forget(&mut self, hosts: &[Machine]) -> Outcome {
        SCRIPT.forget(self.fleet, hosts)
    }

    fn deploy(&mut self, hosts: &[Machine]) -> Outcome {
        let mut script = Command::new("sh");
        script.args(["-c", TEXT]).arg(hosts::ssh_config()).args(hosts.iter().map(ToString::to_string)).current_dir(self.release.tree());
        quiet(script)
    }

    fn url(&self, host: Machine) -> String {
        Peer::url(SCRIPT, host)
    }
}
