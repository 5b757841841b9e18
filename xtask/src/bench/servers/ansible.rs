//! Ansible, with its own modules only: an archive that is sent when it differs, unpacked, and a restart.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::super::bed::folder;
use super::Tool;
use super::fleet::Fleet;
use super::peer::ANSIBLE;
use super::release::Release;
use crate::Outcome;
use crate::command::{need, quiet};
use crate::hosts::{self, Machine};

/// What is known to make it fast; shared connections are its default.
const CONFIGURATION: &str = "[defaults]\nforks = 10\n[ssh_connection]\npipelining = True\n";
const PLAYBOOK: &str = "\
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - copy: { src: release.tar, dest: /srv/ansible.tar }
      register: archive
      notify: restart
    - file: { path: /srv/ansible, state: directory }
    - unarchive: { src: /srv/ansible.tar, dest: /srv/ansible, remote_src: true }
      when: archive.changed
  handlers:
    - name: restart
      systemd: { name: ansible, state: restarted }
";

/// Ansible, with a folder of its own.
pub struct Ansible<'a> {
    fleet: &'a Fleet,
    release: &'a Release,
    folder: TempDir,
}

impl<'a> Ansible<'a> {
    /// For these hosts.
    ///
    /// # Errors
    /// When it cannot be installed, or its files not be written.
    pub fn new(fleet: &'a Fleet, release: &'a Release) -> Result<Self, String> {
        need(&["ansible-playbook"], "ansible-core")?;
        let folder = folder()?;
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).map_err(|error| format!("{name}: {error}"));
        write("ansible.cfg", CONFIGURATION)?;
        write("playbook.yml", PLAYBOOK)?;
        let ssh =
            format!("ansible_user=admin ansible_python_interpreter=/usr/bin/python3 ansible_ssh_common_args='-F {}'", hosts::ssh_config().display());
        let lines: Vec<String> = fleet.hosts().iter().map(|host| format!("{host} {ssh}\n")).collect();
        write("inventory", &lines.concat())?;
        Ok(Self { fleet, release, folder })
    }

    /// One archive for one tree, as the archive is what is compared.
    fn pack(&self) -> Outcome {
        let mut tar = Command::new("tar");
        tar.args(["--create", "--sort=name", "--file"]).arg(self.folder.path().join("release.tar")).arg("-C").arg(self.release.tree()).arg(".");
        quiet(tar)
    }
}

impl Tool for Ansible<'_> {
    fn name(&self) -> &'static str {
        ANSIBLE.name
    }

    fn forget(&mut self, hosts: &[Machine]) -> Outcome {
        ANSIBLE.forget(self.fleet, hosts)
    }

    fn deploy(&mut self, hosts: &[Machine]) -> Outcome {
        self.pack()?;
        let names: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let mut play = Command::new("ansible-playbook");
        play.args(["--inventory", "inventory", "--limit", &names.join(","), "playbook.yml"]).current_dir(self.folder.path());
        play.env("ANSIBLE_HOME", self.folder.path()).env("LC_ALL", "C.UTF-8").env_remove("SSH_AUTH_SOCK");
        quiet(play)
    }

    fn url(&self, host: Machine) -> String {
        ANSIBLE.url(host)
    }
}
