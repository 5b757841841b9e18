//! Whom a program runs as. Users and their groups are those of `/etc/passwd` and `/etc/group`.

use std::fs;

use rustix::process::{Gid, Uid, getuid};

use crate::KeeperError;

/// A user other than our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The user.
    pub uid: Uid,
    /// The user's own group.
    pub gid: Gid,
    /// All of the user's groups.
    pub groups: Vec<Gid>,
}

/// Who `user` is; `None` when there is no one to become.
pub(crate) fn resolve(user: Option<&str>) -> Result<Option<Credentials>, KeeperError> {
    let Some(user) = user else { return Ok(None) };
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let found = find(user, &passwd, &groups).ok_or_else(|| KeeperError::NoUser { user: user.to_owned() })?;
    let own = getuid();
    match found {
        found if found.uid == own => Ok(None),
        found if own.is_root() => Ok(Some(found)),
        _ => Err(KeeperError::NotRoot { user: user.to_owned(), uid: own.as_raw() }),
    }
}

/// Whether `user` is root, under this name or another.
#[must_use]
pub fn is_superuser(user: &str) -> bool {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    user == "root" || find(user, &passwd, "").is_some_and(|found| found.uid.is_root())
}

fn find(user: &str, passwd: &str, groups: &str) -> Option<Credentials> {
    let entry = fields(passwd).find(|entry| entry.first() == Some(&user))?;
    let number = |index: usize| entry.get(index)?.parse::<u32>().ok();
    let (uid, gid) = (Uid::from_raw(number(2)?), Gid::from_raw(number(3)?));
    let memberships = fields(groups).filter(|group| group.get(3).is_some_and(|members| members.split(',').any(|member| member == user)));
    let mut groups: Vec<Gid> = memberships.filter_map(|group| group.get(2)?.parse().ok().map(Gid::from_raw)).collect();
    if !groups.contains(&gid) {
        groups.push(gid);
    }
    Some(Credentials { uid, gid, groups })
}

fn fields(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split(':').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_come_with_all_of_their_groups() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nshop:x:101:102::/srv:/bin/false\nbroken:x\n";
        let groups = "root:x:0:\nweb:x:33:www,shop\nshop:x:102:\nworkshop:x:9:workshop\n";
        let raw = |user| find(user, passwd, groups).map(|who| (who.uid.as_raw(), who.groups.iter().map(|gid| gid.as_raw()).collect::<Vec<_>>()));
        assert_eq!(raw("shop"), Some((101, vec![33, 102])));
        assert_eq!(raw("root"), Some((0, vec![0])));
        assert_eq!(raw("broken"), None);
        assert_eq!(raw("ghost"), None);
    }

    #[test]
    fn there_must_be_such_a_user() {
        assert_eq!(resolve(None).unwrap(), None);
        assert!(matches!(resolve(Some("no such user")), Err(KeeperError::NoUser { .. })));
    }
}
