//! What all peers need on a host: a service of systemd that they restart, and nginx before it.

use super::fleet::Fleet;
use crate::Outcome;
use crate::hosts::Machine;

/// A service in a folder below `/srv`, both of which are called as the tool is.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The tool's name.
    pub name: &'static str,
    port: u16,
}

/// The bare script.
pub const SCRIPT: Peer = Peer { name: "script", port: 8901 };
/// Ansible.
pub const ANSIBLE: Peer = Peer { name: "ansible", port: 8902 };
/// pyinfra.
pub const PYINFRA: Peer = Peer { name: "pyinfra", port: 8903 };

impl Peer {
    /// Ends the service, and deletes all that was ever brought.
    ///
    /// # Errors
    /// When that fails on a host.
    pub fn forget(self, fleet: &Fleet, hosts: &[Machine]) -> Outcome {
        fleet.run_as_root(hosts, &format!("systemctl stop {0}; rm -rf /srv/{0} /srv/{0}.*", self.name))
    }

    /// Where nginx serves it.
    pub fn url(self, host: Machine) -> String {
        format!("http://{}/{}/", host.address(), self.name)
    }
}

/// A script that sets a host up for all of them.
pub fn setup() -> String {
    let all = [SCRIPT, ANSIBLE, PYINFRA];
    let units: String = all.iter().map(|peer| unit(*peer)).collect();
    let locations: String =
        all.iter().map(|Peer { name, port }| format!("  location /{name}/ {{ proxy_pass http://127.0.0.1:{port}/; }}\n")).collect();
    format!(
        "{units}printf 'server {{\\n  listen 80;\\n{}}}\\n' > /etc/nginx/sites-enabled/default\n\
         systemctl daemon-reload\nsystemctl start nginx\n",
        locations.replace('\n', "\\n")
    )
}

fn unit(Peer { name, port }: Peer) -> String {
    format!(
        "printf '[Service]\\nUser=nobody\\nWorkingDirectory=/srv/{name}\\nEnvironment=PORT={port}\\nExecStart=/srv/{name}/service\\n' \
         > /etc/systemd/system/{name}.service\n"
    )
}
