//! The login of whoever looks after the server. Where root sets it up, somebody else must be able to come back when root no longer may.

use super::login::let_in;
use super::{Verdict, package};
use crate::{Deed, Facts, Owner, Wishes};

/// The file that lets a login do everything by `sudo`.
pub(crate) fn sudoers(admin: &str) -> String {
    format!("/etc/sudoers.d/plimsoll-{admin}")
}

pub(super) fn judge(facts: &Facts, wishes: &Wishes) -> Verdict {
    if let Some(login) = &facts.sudoer {
        return Verdict::spared(format!("{login} looks after this server"));
    }
    let admin = &wishes.admin;
    let person = facts.people.get(admin);
    let (mut what, mut deeds) = (Vec::new(), package(facts, "sudo"));
    if person.is_none() {
        what.push(format!("make the login {admin}, to look after this server by sudo"));
        deeds.push(Deed::undoable(&format!("useradd --create-home --shell /bin/bash {admin}"), &format!("userdel --remove --force {admin}")));
    }
    if let Some(deed) = let_in(admin, person, &facts.keys) {
        what.push(format!("let root's keys open {admin}"));
        deeds.push(deed);
    }
    let (path, content) = (sudoers(admin), format!("{admin} ALL=(ALL:ALL) NOPASSWD: ALL\n"));
    if facts.files.get(&path) != Some(&content) {
        what.push(format!("let {admin} use sudo"));
        deeds.push(Deed::File { path: path.clone(), content, mode: 0o440, owner: Owner::Root });
        deeds.push(Deed::run(&format!("visudo --check --file={path}")));
    }
    if what.is_empty() && !deeds.is_empty() {
        what.push("install sudo".into());
    }
    Verdict::of(what, deeds)
}
