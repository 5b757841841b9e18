//! The private keys of whoever calls, and asking for the passphrase of one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_model::Secret;
use plimsoll_ops::{Ask, Keyring};

use crate::console::{self, Console};
use crate::hidden;

/// The key that is `named`, or that the environment of this process names, or else those in their usual places.
pub fn ring(named: Option<&Path>, console: Console) -> Keyring {
    let (files, named) = found(named, |name| std::env::var_os(name));
    Keyring { files, named, ask: Arc::new(Terminal(console)) }
}

/// Whoever sits at the terminal, if there is one.
#[derive(Debug)]
struct Terminal(Console);

impl Ask for Terminal {
    fn passphrase(&self, key: &Path, again: bool) -> Option<Secret<String>> {
        if !self.0.can_draw() {
            return None;
        }
        if again {
            console::tell("that was not it");
        }
        hidden::ask(&format!("Passphrase of {}: ", key.display()))
    }
}

/// Files with keys, and whether they were named on purpose.
fn found(named: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> (Vec<PathBuf>, bool) {
    let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(file) = named.map(Path::to_path_buf).or_else(|| path("PLIMSOLL_IDENTITY")) {
        return (vec![file], true);
    }
    let home = path("HOME");
    let ssh = home.iter().flat_map(|home| [home.join(".ssh/id_ed25519"), home.join(".ssh/id_rsa")]);
    let settings = path("XDG_CONFIG_HOME").filter(|path| path.is_absolute()).or_else(|| Some(home.as_ref()?.join(".config")));
    let age = settings.map(|folder| folder.join("plimsoll/identity.txt"));
    (ssh.chain(age).collect(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_where_they_are_named_or_where_they_usually_are() {
        let check = |named: Option<&str>, variables: &[(&str, &str)], expect: &[&str], on_purpose: bool| {
            let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
            let (files, named) = found(named.map(Path::new), variable);
            assert_eq!((files, named), (expect.iter().map(PathBuf::from).collect(), on_purpose), "{variables:?}");
        };
        let home = ("HOME", "/h");
        check(Some("mine"), &[home, ("PLIMSOLL_IDENTITY", "/k")], &["mine"], true);
        check(None, &[home, ("PLIMSOLL_IDENTITY", "/k")], &["/k"], true);
        check(None, &[home], &["/h/.ssh/id_ed25519", "/h/.ssh/id_rsa", "/h/.config/plimsoll/identity.txt"], false);
        check(None, &[("XDG_CONFIG_HOME", "/c"), ("PLIMSOLL_IDENTITY", "")], &["/c/plimsoll/identity.txt"], false);
    }
}
