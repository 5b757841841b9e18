//! The folders of this machine's own host, in user mode.

use std::ffi::OsString;
use std::path::PathBuf;

/// Where state and cache are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// State, sockets and logs of the host.
    pub home: PathBuf,
    /// What its owner has decided: the policy of the host.
    pub config: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
    /// Sockets of connections to other machines; a short name, as those of sockets have little room.
    pub sockets: PathBuf,
}

impl Folders {
    /// The folders that the environment of this process names: `PLIMSOLL_HOME` for all, else those of XDG. None when there is
    /// no `HOME` to find them in.
    pub fn find() -> Option<Self> {
        Self::by(|name| std::env::var_os(name))
    }

    fn by(variable: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(home) = folder("PLIMSOLL_HOME") {
            let home = std::path::absolute(&home).unwrap_or(home);
            return Some(Self { config: home.clone(), cache: home.join("cache"), sockets: home.join("ssh"), home });
        }
        // XDG has relative paths ignored.
        let xdg = |name: &str, below: &str| {
            let named = folder(name).filter(|path| path.is_absolute());
            Some(named.or_else(|| Some(folder("HOME")?.join(below)))?.join("plimsoll"))
        };
        let cache = xdg("XDG_CACHE_HOME", ".cache")?;
        let sockets = folder("XDG_RUNTIME_DIR").filter(|path| path.is_absolute()).map_or_else(|| cache.join("ssh"), |path| path.join("plimsoll"));
        Some(Self { home: xdg("XDG_STATE_HOME", ".local/state")?, config: xdg("XDG_CONFIG_HOME", ".config")?, cache, sockets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], expect: Option<(&str, &str, &str, &str)>) {
        let found = Folders::by(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()));
        assert_eq!(
            found,
            expect.map(|(home, config, cache, sockets)| Folders {
                home: home.into(),
                config: config.into(),
                cache: cache.into(),
                sockets: sockets.into()
            }),
            "{variables:?}"
        );
    }

    #[test]
    fn folders_are_where_the_environment_says() {
        check(&[("HOME", "/h")], Some(("/h/.local/state/plimsoll", "/h/.config/plimsoll", "/h/.cache/plimsoll", "/h/.cache/plimsoll/ssh")));
        check(
            &[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/r")],
            Some(("/h/.local/state/plimsoll", "/h/.config/plimsoll", "/h/.cache/plimsoll", "/r/plimsoll")),
        );
        check(
            &[("HOME", "/h"), ("XDG_STATE_HOME", "/s")],
            Some(("/s/plimsoll", "/h/.config/plimsoll", "/h/.cache/plimsoll", "/h/.cache/plimsoll/ssh")),
        );
        check(
            &[("HOME", "/h"), ("XDG_CACHE_HOME", "relative")],
            Some(("/h/.local/state/plimsoll", "/h/.config/plimsoll", "/h/.cache/plimsoll", "/h/.cache/plimsoll/ssh")),
        );
        check(&[("HOME", "/h"), ("PLIMSOLL_HOME", "/p")], Some(("/p", "/p", "/p/cache", "/p/ssh")));
        check(
            &[("HOME", "/h"), ("PLIMSOLL_HOME", "")],
            Some(("/h/.local/state/plimsoll", "/h/.config/plimsoll", "/h/.cache/plimsoll", "/h/.cache/plimsoll/ssh")),
        );
        check(&[("XDG_STATE_HOME", "/s")], None);
        check(&[], None);
    }
}
