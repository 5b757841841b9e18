//! Who runs this process, and where.

use std::path::PathBuf;

/// The login name, or the user's number where it has none.
pub fn user() -> String {
    let named = ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    let number = rustix::process::getuid().as_raw();
    let listed = || named_in(&std::fs::read_to_string("/etc/passwd").ok()?, number);
    named.or_else(listed).unwrap_or_else(|| format!("uid-{number}"))
}

/// The name that a list of users has for a number.
fn named_in(list: &str, number: u32) -> Option<String> {
    list.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, listed) = (fields.next()?, fields.nth(1)?);
        (listed.parse() == Ok(number)).then(|| name.to_owned())
    })
}

/// The name of this machine.
pub fn machine() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The running binary. When its file was replaced meanwhile, the one that is there now.
///
/// # Errors
/// The system does not tell.
pub fn exe() -> std::io::Result<PathBuf> {
    let path = std::env::current_exe()?;
    Ok(match path.to_str().and_then(|path| path.strip_suffix(" (deleted)")) {
        Some(replaced) if !path.exists() => PathBuf::from(replaced),
        _ => path,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_found_by_their_number() {
        let list = "root:x:0:0:root:/root:/bin/sh\nbroken\ndeploy:x:1000:1000::/home/deploy:/bin/sh\n";
        for (number, expect) in [(0, Some("root")), (1000, Some("deploy")), (1, None)] {
            assert_eq!(named_in(list, number).as_deref(), expect);
        }
    }
}
