//! What is run on a host by its `sh`, whatever shell the login has: so each script is one line in single quotes, and has none in it.

use plimsoll_api::wire::{SYSTEM_GROUP, SYSTEM_SOCKET};

/// The programs of a login are where its own shell would find them, and first of all in its home.
const BEGIN: &str = "unset LC_ALL; PATH=\"$HOME/.local/bin:/usr/local/bin:$PATH\"; p=\"$HOME/.local/bin/plimsoll\"; q=$(command -v plimsoll) && [ -w \"${q%/*}\" ] && p=\"$q\"; ";

/// What a host is, as far as it matters to a program that is to run there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ground {
    /// Operating system and architecture, such as `linux-x86_64`.
    pub platform: String,
    /// The version of its GNU C library; none when it has another.
    pub libc: Option<(u32, u32)>,
    /// Free space in the home folder of the login, in bytes.
    pub free_bytes: u64,
    /// The version of its Plimsoll, if it has one that runs.
    pub version: Option<String>,
    /// The SHA-256 of that program's file.
    pub sha256: Option<String>,
    /// Whether it was set up as a whole: its program is root's, and no login's to replace.
    pub is_provisioned: bool,
}

/// A program that a login may use to set its machine up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lent {
    /// Whether the login is root.
    pub is_root: bool,
    /// Where the program is; none when it has to be brought.
    pub program: Option<String>,
}

/// Tells all of [`Ground`], one fact a line.
pub(super) fn survey() -> String {
    let facts = "echo \"system $(uname -s)\"; echo \"machine $(uname -m)\"; echo \"libc $(getconf GNU_LIBC_VERSION 2>/dev/null)\"; \
         echo \"free $(df -Pk \"$HOME\" | tail -n 1 | tr -s \" \" | cut -d \" \" -f 4)\"; \
         echo \"version $(\"$p\" --version 2>/dev/null)\"; echo \"sum $(sha256sum < \"$p\" 2>/dev/null)\"";
    let whole = format!("[ -S {SYSTEM_SOCKET} ] && p=/usr/local/bin/plimsoll && echo \"whole yes\"; ");
    format!("sh -c '{BEGIN}{whole}{facts}'")
}

/// Has the program of a host tell what it sees there: as root where that can be had. Whoever is in the group of those who deploy has no rights
/// to be tried, and each try would be on record.
pub(super) fn examine() -> String {
    let sudo = format!(
        "s=; [ \"$(id -u)\" = 0 ] || [ ! -e /etc/systemd/system/plimsoll.socket ] || case \" $(id -nG) \" in *\" {SYSTEM_GROUP} \"*) ;; *) sudo -n true 2>/dev/null && s=\"sudo -n\";; esac"
    );
    format!("sh -c '{BEGIN}{sudo}; exec $s plimsoll host examine'")
}

/// Where a program lies that a login is lent to set its machine up with.
const LENT: &str = "$HOME/.plimsoll.visit";

/// Tells whether the login is root, and where it finds the program that is called so.
pub(super) fn find_lent(sha256: &str) -> String {
    let known = format!(
        "for p in /usr/local/bin/plimsoll \"{LENT}\"; do s=$(sha256sum < \"$p\" 2>/dev/null); [ \"${{s%% *}}\" = {sha256} ] && echo \"program $p\" && break; done"
    );
    format!("sh -c 'echo \"uid $(id -u)\"; {known}; true'")
}

/// Lends a program, which comes from standard input.
pub(super) fn lend(sha256: &str, changed: (i64, i64)) -> String {
    take(&format!("p=\"{LENT}\"; "), sha256, changed)
}

/// Takes back what was lent.
pub(super) fn take_back() -> String {
    format!("sh -c 'rm -f \"{LENT}\" \"{LENT}.previous\"'")
}

/// Tells which keys open this login.
pub(crate) fn read_keys() -> String {
    "sh -c 'cat \"$HOME/.ssh/authorized_keys\"'".into()
}

/// Takes the keys that open this login from standard input: whole, in one step, and only when nobody else has changed them.
pub(crate) fn write_keys(former_sha256: &str, sha256: &str) -> String {
    let refuse = |code: &str, message: &str| {
        format!("{{ echo \"plimsoll-failure: {{\\\"code\\\":\\\"{code}\\\",\\\"message\\\":\\\"{message}\\\"}}\" >&2; exit 1; }}")
    };
    let changed = refuse("keys-changed", "somebody else has changed the keys of this login meanwhile");
    let damaged = refuse("upload-damaged", "what arrived is not what was sent");
    format!(
        "sh -c 'set -e; umask 077; p=\"$HOME/.ssh/authorized_keys\"; t=\"$p.plimsoll.$$\"; trap \"rm -f \\\"$t\\\"\" EXIT; cat > \"$t\"; \
         s=$(sha256sum < \"$t\"); [ \"${{s%% *}}\" = {sha256} ] || {damaged}; s=$(sha256sum < \"$p\"); \
         [ \"${{s%% *}}\" = {former_sha256} ] || {changed}; sync \"$t\"; mv -f \"$t\" \"$p\"; sync \"$HOME/.ssh\"'"
    )
}

/// Takes a program from standard input and puts it in its place.
pub(super) fn install(sha256: &str, changed: (i64, i64)) -> String {
    take(BEGIN, sha256, changed)
}

/// `begin` says where to. `sync` makes it last before it is named, and its name afterwards.
fn take(begin: &str, sha256: &str, changed: (i64, i64)) -> String {
    let refuse = |code: &str, message: &str| {
        format!("{{ echo \"plimsoll-failure: {{\\\"code\\\":\\\"{code}\\\",\\\"message\\\":\\\"{message}\\\"}}\" >&2; exit 1; }}")
    };
    let damaged = refuse("upload-damaged", "what arrived is not what was sent");
    let unfit = refuse("platform-unfit", "the program that was brought does not run there");
    let (seconds, nanos) = changed;
    format!(
        "sh -c '{begin}set -e; umask 022; d=\"${{p%/*}}\"; mkdir -p \"$d\"; t=\"$d/.plimsoll.$$\"; trap \"rm -f \\\"$t\\\"\" EXIT; cat > \"$t\"; \
         s=$(sha256sum < \"$t\"); [ \"${{s%% *}}\" = {sha256} ] || {damaged}; chmod 755 \"$t\"; \"$t\" --version > /dev/null || {unfit}; \
         touch -d @{seconds}.{nanos:09} \"$t\"; sync \"$t\"; if [ -e \"$p\" ]; then ln -f \"$p\" \"$p.previous\"; fi; mv -f \"$t\" \"$p\"; sync \"$d\"'"
    )
}

impl Lent {
    /// Reads what [`find_lent`] tells.
    pub(super) fn read(told: &str) -> Self {
        let fact = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::to_owned);
        Self { is_root: fact("uid").as_deref() == Some("0"), program: fact("program") }
    }
}

impl Ground {
    /// Reads what [`survey`] tells.
    pub(super) fn read(told: &str) -> Option<Self> {
        let fact = |name: &str| {
            let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.map(str::trim).filter(|fact| !fact.is_empty())
        };
        let architecture = match fact("machine")? {
            "amd64" => "x86_64",
            "arm64" => "aarch64",
            other => other,
        };
        let version = fact("libc").and_then(|libc| libc.strip_prefix("glibc ")?.split_once('.'));
        Some(Self {
            platform: format!("{}-{architecture}", fact("system")?.to_lowercase().replace("darwin", "macos")),
            libc: version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))),
            free_bytes: fact("free")?.parse::<u64>().ok()?.saturating_mul(1024),
            version: fact("version").and_then(|told| told.split_whitespace().nth(1)).map(str::to_owned),
            sha256: fact("sum").and_then(|sum| sum.split_whitespace().next()).map(str::to_owned),
            is_provisioned: fact("whole").is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_one_argument_of_whatever_shell() {
        for script in
            [survey(), read_keys(), write_keys("abc", "def"), examine(), install("abc", (1, 2)), find_lent("abc"), lend("abc", (1, 2)), take_back()]
        {
            assert!(!script.contains('\n') && script.matches('\'').count() == 2, "{script}");
        }
    }

    #[test]
    fn what_a_host_tells_is_read() {
        let told = "motd\nsystem Linux\nmachine x86_64\nlibc glibc 2.36\nwhole yes\nfree 2048\nversion plimsoll 0.1.0\nsum abc  -\n";
        let read = Ground::read(told).unwrap();
        assert_eq!(
            read,
            Ground {
                platform: "linux-x86_64".into(),
                libc: Some((2, 36)),
                free_bytes: 2 << 20,
                version: Some("0.1.0".into()),
                sha256: Some("abc".into()),
                is_provisioned: true,
            }
        );
        let bare = Ground::read("system Darwin\nmachine arm64\nlibc \nfree 1\nversion \nsum \n").unwrap();
        assert_eq!(
            bare,
            Ground { platform: "macos-aarch64".into(), libc: None, free_bytes: 1024, version: None, sha256: None, is_provisioned: false }
        );
        assert_eq!(Ground::read("This account is currently not available.\n"), None);
    }
}
