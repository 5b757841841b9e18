//! What somebody wants a server to be.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How a server is to be set up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// The login that deploys: without any rights but to speak to the daemon.
    pub login: String,
    /// The login for whoever looks after the server, by `sudo`; made when it is not there.
    pub admin: String,
    /// Public keys that open the login that deploys, as lines of `authorized_keys`. None: those that open the login which sets up.
    #[serde(default)]
    pub keys: Vec<String>,
    /// Ports that are open beside those of SSH and of the web.
    #[serde(default)]
    pub ports: BTreeSet<u16>,
    /// What is left as it is, by the names of measures.
    #[serde(default)]
    pub without: BTreeSet<String>,
}

/// Why wishes cannot be met.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WishesError {
    /// What would be a login is none.
    #[error("{0:?} is no name of a login: small letters, digits, - and _, at most 31 of them, a letter first")]
    Name(String),
    /// The login that deploys is somebody who may do everything.
    #[error("the login that deploys cannot be {0}, which may do everything")]
    Powerful(String),
    /// What would be a public key is none.
    #[error("{0:?} is no public key: it has the form `ssh-ed25519 AAAA… comment`")]
    Key(String),
    /// What is to be left out is not known.
    #[error("there is no measure {0:?}")]
    Measure(String),
}

impl Wishes {
    /// Judges whether they can be met at all.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn judge(&self) -> Result<(), WishesError> {
        if let Some(name) = [&self.login, &self.admin].into_iter().find(|name| !is_login(name)) {
            return Err(WishesError::Name(name.clone()));
        }
        if self.login == "root" || self.login == self.admin {
            return Err(WishesError::Powerful(self.login.clone()));
        }
        if let Some(key) = self.keys.iter().find(|key| !is_key(key)) {
            return Err(WishesError::Key(key.chars().take(40).collect()));
        }
        let known = |name: &&String| !crate::measures::NAMES.contains(&name.as_str());
        self.without.iter().find(known).map_or(Ok(()), |name| Err(WishesError::Measure(name.clone())))
    }
}

fn is_login(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    name.len() <= 31 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(inner)
}

/// One line, and nothing before the type: options of a key are not ours to give.
fn is_key(line: &str) -> bool {
    let mut words = line.split(' ');
    let kind = words.next().is_some_and(|kind| ["ssh-", "ecdsa-", "sk-"].iter().any(|start| kind.starts_with(start)));
    let body = words.next().is_some_and(|body| body.len() > 40 && body.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c)));
    kind && body && !line.contains(|c: char| c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0Wk4O0Yy9y2nq6o4T1p3lWg1mB0mJwq8m9w4u5v6x ada@laptop";

    fn wishes(login: &str, admin: &str, keys: &[&str], without: &[&str]) -> Wishes {
        let strings = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        Wishes {
            login: login.into(),
            admin: admin.into(),
            keys: strings(keys),
            ports: BTreeSet::new(),
            without: strings(without).into_iter().collect(),
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        let check = |wishes: Wishes, expect: Option<&str>| {
            let told = wishes.judge().err().map(|error| error.to_string());
            assert_eq!(told.is_some(), expect.is_some(), "{wishes:?}: {told:?}");
            assert!(told.unwrap_or_default().contains(expect.unwrap_or_default()), "{wishes:?}");
        };
        check(wishes("deploy", "admin", &[KEY], &["firewall"]), None);
        check(wishes("deploy", "admin", &[], &[]), None);
        for name in ["", "De", "1a", "a b", "a;reboot", "$(id)", "-rf", "a\nb", &"a".repeat(32)] {
            check(wishes(name, "admin", &[], &[]), Some("no name of a login"));
            check(wishes("deploy", name, &[], &[]), Some("no name of a login"));
        }
        check(wishes("root", "admin", &[], &[]), Some("may do everything"));
        check(wishes("admin", "admin", &[], &[]), Some("may do everything"));
        for key in ["", "ssh-ed25519", "AAAA", &format!("command=\"x\" {KEY}"), &format!("{KEY}\n{KEY}"), "ssh-rsa short"] {
            check(wishes("deploy", "admin", &[key], &[]), Some("no public key"));
        }
        check(wishes("deploy", "admin", &[], &["frewall"]), Some("no measure"));
    }
}
