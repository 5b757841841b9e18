//! What the configuration of `ssh` says of a host.

/// The part of it that matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where the host is: what its name stands for.
    pub address: Option<String>,
    /// Whether connections are shared already, in the user's own way.
    pub shares: bool,
}

impl Settings {
    /// Reads what `ssh -G` tells.
    pub fn read(told: &str) -> Self {
        let value = |key: &str| told.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')).map(str::trim);
        Self { address: value("hostname").map(str::to_owned), shares: value("controlpath").is_some_and(|path| path != "none") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_from_what_ssh_tells() {
        let check = |told: &str, address: Option<&str>, shares: bool| {
            assert_eq!(Settings::read(told), Settings { address: address.map(str::to_owned), shares }, "{told}");
        };
        check("user me\nhostname 127.0.1.1\nhostnamex y\ncontrolmaster false\n", Some("127.0.1.1"), false);
        check("hostname a\ncontrolmaster auto\ncontrolpath /home/me/.ssh/%C\n", Some("a"), true);
        check("hostname a\ncontrolpath none\n", Some("a"), false);
        check("", None, false);
    }
}
