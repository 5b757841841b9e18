//! The arguments of `ssh`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use plimsoll_model::HostName;

/// What is always said. Commands and forwardings of the user's configuration are meant for people at work on the host; messages are needed
/// as they are told by default, because errors are judged by them.
const ALWAYS: [&str; 8] = [
    "ConnectTimeout=10",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "ClearAllForwardings=yes",
    "RemoteCommand=none",
    "PermitLocalCommand=no",
    "ForwardAgent=no",
    "LogLevel=INFO",
];

/// How long a connection is kept for the next command.
pub(super) const PERSIST_SECONDS: u64 = 60;

/// Longest name of a folder that leaves room for the names of sockets in it, in bytes.
const LONGEST_FOLDER: usize = 44;

/// Whether a connection is shared with other calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sharing {
    /// As the user's configuration says.
    Theirs,
    /// By sockets in this folder.
    Ours(PathBuf),
    /// Not at all: this call gets one of its own.
    Nobody,
}

impl Sharing {
    /// By sockets in `folder`, if their names have room there.
    pub fn within(folder: &Path) -> Self {
        if folder.as_os_str().len() <= LONGEST_FOLDER { Self::Ours(folder.to_owned()) } else { Self::Nobody }
    }
}

/// One call of `ssh`.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The configuration file in place of the user's.
    pub config: Option<&'a Path>,
    /// Whom to reach.
    pub host: &'a HostName,
    /// Whether people may be asked.
    pub asks: bool,
    /// Whether the connection is shared.
    pub sharing: Sharing,
    /// A private key that is offered before those of the configuration, and none of an agent beside it.
    pub key: Option<&'a Path>,
}

impl Call<'_> {
    /// The arguments that run `command` on the host.
    pub fn run(&self, command: &str) -> Vec<OsString> {
        let mut arguments = self.begin(&["-T", "-x"]);
        let batch = if self.asks { "BatchMode=no" } else { "BatchMode=yes" };
        for option in ALWAYS.into_iter().map(OsString::from).chain([batch.into()]).chain(self.shared()).chain(self.keyed()) {
            arguments.extend(["-o".into(), option]);
        }
        arguments.extend(["--".into(), self.host.as_str().into(), command.into()]);
        arguments
    }

    /// The arguments that tell what the configuration says of the host.
    pub fn tell(&self) -> Vec<OsString> {
        let mut arguments = self.begin(&["-G"]);
        arguments.extend(["--".into(), self.host.as_str().into()]);
        arguments
    }

    fn begin(&self, first: &[&str]) -> Vec<OsString> {
        let config = self.config.into_iter().flat_map(|config| ["-F".into(), config.into()]);
        first.iter().map(OsString::from).chain(config).collect()
    }

    fn keyed(&self) -> Vec<OsString> {
        let Some(key) = self.key else { return Vec::new() };
        let mut file = OsString::from("IdentityFile=");
        file.push(key);
        vec!["IdentitiesOnly=yes".into(), file]
    }

    fn shared(&self) -> Vec<OsString> {
        match &self.sharing {
            Sharing::Theirs => Vec::new(),
            Sharing::Ours(folder) => {
                let mut path = OsString::from("ControlPath=");
                path.push(folder.join("%C"));
                vec!["ControlMaster=auto".into(), format!("ControlPersist={PERSIST_SECONDS}").into(), path]
            }
            Sharing::Nobody => vec!["ControlPath=none".into()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(arguments: Vec<OsString>) -> String {
        arguments.into_iter().map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_call_says_all_that_matters() {
        let host = HostName::new("deploy@a.example").unwrap();
        let check = |asks, sharing, config: Option<&str>, wanted: &[&str], unwanted: &[&str]| {
            let call = Call { config: config.map(Path::new), host: &host, asks, sharing, key: None };
            let told = words(call.run("true"));
            assert!(told.ends_with(" -- deploy@a.example true"), "{told}");
            for part in wanted {
                assert!(told.contains(part), "{part}: {told}");
            }
            for part in unwanted {
                assert!(!told.contains(part), "{part}: {told}");
            }
        };
        check(false, Sharing::Theirs, None, &["-T", "BatchMode=yes", "ConnectTimeout=10"], &["Control", "-F"]);
        check(true, Sharing::Nobody, None, &["BatchMode=no", "ControlPath=none"], &["ControlMaster"]);
        let ours = Sharing::within(Path::new("/run/user/1000/plimsoll"));
        check(false, ours, Some("/c"), &["-F /c", "ControlMaster=auto", "ControlPath=/run/user/1000/plimsoll/%C"], &["=none -o ControlM"]);
        let call = Call { config: Some(Path::new("/c")), host: &host, asks: false, sharing: Sharing::Theirs, key: None };
        assert_eq!(words(call.tell()), "-G -F /c -- deploy@a.example");
        let keyed = Call { sharing: Sharing::Nobody, key: Some(Path::new("/k e y")), ..call };
        assert!(words(keyed.run("true")).contains("-o ControlPath=none -o IdentitiesOnly=yes -o IdentityFile=/k e y --"));
    }

    #[test]
    fn a_folder_whose_name_is_too_long_for_sockets_has_none() {
        assert_eq!(Sharing::within(Path::new(&format!("/{}", "x".repeat(60)))), Sharing::Nobody);
    }
}
