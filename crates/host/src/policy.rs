//! The policy of a host: what its owner has decided for it, in `host.toml`. Who may deploy what is not decided here.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::trouble::Trouble;

/// What the owner of a host has decided. Without a file everything is as it is by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Users that components may ask to run as, beside those that systemd makes up for them, and databases to be asked as: where the daemon is root.
    pub users: BTreeSet<String>,
    /// What leads traffic to slots and sites.
    pub route: RouteKind,
    /// How nginx is reached, where that is nginx.
    pub nginx: NginxPolicy,
}

/// What leads traffic to slots and sites.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouteKind {
    /// Plimsoll's own proxy.
    #[default]
    Builtin,
    /// The nginx of the machine.
    Nginx,
}

/// How nginx is reached. The defaults are those of Debian.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NginxPolicy {
    /// The program.
    pub binary: PathBuf,
    /// Its main configuration file.
    pub config: PathBuf,
    /// The folder for our files, from which the main configuration includes `*.conf`.
    pub folder: PathBuf,
    /// The file in which its master process tells its id.
    pub pid: PathBuf,
    /// The systemd unit that is started when nginx does not run; nobody starts it when this is absent.
    pub unit: Option<String>,
    /// The addresses that the ports of routes are opened on. A port that somebody else has nginx listen on stays on the addresses of that.
    pub addresses: Vec<IpAddr>,
    /// The port on which a configuration tells which one it is, each on an address of its own in `127.0.0.0/8`.
    pub port: u16,
    /// The folder where sites are laid out for nginx's workers to read, and nothing else is. Best on the same disk as the daemon's own.
    pub sites: PathBuf,
}

impl Default for NginxPolicy {
    fn default() -> Self {
        Self {
            binary: "/usr/sbin/nginx".into(),
            config: "/etc/nginx/nginx.conf".into(),
            folder: "/etc/nginx/conf.d".into(),
            pid: "/run/nginx.pid".into(),
            unit: None,
            addresses: vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
            port: 19_830,
            sites: "/var/lib/plimsoll-sites".into(),
        }
    }
}

impl Policy {
    /// Reads the file at `path`. No file decides nothing.
    ///
    /// # Errors
    /// `policy-unreadable`, or `bad-policy` with the line that is wrong.
    pub fn read(path: &Path) -> Result<Self, Trouble> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Trouble::new("policy-unreadable", format!("cannot read {}: {error}", path.display()))),
            Ok(text) => text,
        };
        parse(&text, &path.display().to_string())
    }
}

fn parse(text: &str, file: &str) -> Result<Policy, Trouble> {
    let policy: Policy = toml::from_str(text).map_err(|error| {
        let offset = text.floor_char_boundary(error.span().map_or(0, |span| span.start));
        bad(&place(text, file, offset), error.message())
    })?;
    judge(&policy.nginx).map_err(|(key, why)| bad(&place(text, file, text.find(key).unwrap_or(0)), &why))?;
    Ok(policy)
}

/// What nginx could not be told, or would take for something else. Answers the key and what is wrong with it.
fn judge(nginx: &NginxPolicy) -> Result<(), (&'static str, String)> {
    let NginxPolicy { binary, config, folder, pid, sites, .. } = nginx;
    for (key, path) in [("binary", binary), ("config", config), ("folder", folder), ("pid", pid), ("sites", sites)] {
        let plain = path.to_str().is_some_and(|path| !path.contains(|c: char| c.is_control() || c == '$'));
        if !path.is_absolute() || !plain {
            return Err((key, format!("{key} is to be an absolute path without '$'")));
        }
    }
    if nginx.addresses.is_empty() {
        return Err(("addresses", "there is no address to listen on".into()));
    }
    if nginx.port == 0 { Err(("port", "port 0 cannot be listened on".into())) } else { Ok(()) }
}

fn place(text: &str, file: &str, offset: usize) -> String {
    let before = &text[..offset];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{file}, line {line}, column {column}")
}

fn bad(place: &str, why: &str) -> Trouble {
    Trouble::new("bad-policy", format!("{place}: {}", why.trim_end()))
        .with_help("correct the policy file of this host; its keys are in docs/nginx.md")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_is_as_on_debian() {
        assert_eq!(Policy::read(Path::new("/nowhere/host.toml")), Ok(Policy::default()));
        let policy = parse("route = \"nginx\"\n[nginx]\naddresses = [\"127.0.0.1\"]\nunit = \"nginx.service\"\n", "host.toml").unwrap();
        let nginx = NginxPolicy { addresses: vec![Ipv4Addr::LOCALHOST.into()], unit: Some("nginx.service".into()), ..NginxPolicy::default() };
        assert_eq!(policy, Policy { route: RouteKind::Nginx, nginx, users: BTreeSet::new() });
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (text, place, why) in [
            ("route = \"apache\"", "line 1, column 9", "expected `builtin` or `nginx`"),
            ("\n[nginx]\nbianry = \"/x\"", "line 3, column 1", "unknown field `bianry`"),
            ("[nginx]\nport = 70000", "line 2, column 8", "70000"),
            ("[nginx]\nport = 0", "line 2, column 1", "port 0"),
            ("[nginx]\naddresses = [\"localhost\"]", "line 2", "IP address"),
            ("[nginx]\naddresses = []", "line 2", "no address"),
            ("[nginx]\n# ü\nfolder = \"conf.d\"", "line 3, column 1", "absolute path"),
            ("[nginx]\nfolder = \"/a/$b\"", "line 2, column 1", "without '$'"),
            ("route = nginx", "line 1", ""),
        ] {
            let trouble = parse(text, "host.toml").unwrap_err();
            assert_eq!(trouble.code, "bad-policy");
            assert!(trouble.message.starts_with(&format!("host.toml, {place}")) && trouble.message.contains(why), "{trouble}");
        }
    }
}
