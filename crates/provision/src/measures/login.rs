//! The login that deploys: it may speak to the daemon, and has no other rights than any login.

use plimsoll_api::wire::SYSTEM_GROUP;

use super::Verdict;
use crate::facts::{POWERFUL, keys};
use crate::{Deed, Facts, Owner, Person, Wishes};

pub(super) fn judge(facts: &Facts, wishes: &Wishes) -> Verdict {
    let login = &wishes.login;
    if facts.sudoer.as_ref() == Some(login) {
        return barred(login, "it is the one that sets up this server");
    }
    let person = facts.people.get(login);
    if let Some(group) = person.and_then(|person| POWERFUL.iter().find(|group| person.groups.contains(**group))) {
        return barred(login, &format!("it is in the group {group}, whose members may do everything"));
    }
    let wanted = if wishes.keys.is_empty() { &facts.keys } else { &wishes.keys };
    if wanted.is_empty() && person.is_none_or(|person| keys(&person.keys).is_empty()) {
        let why = format!("nobody could log in as {login}: there is no key");
        return Verdict::Barred { why, help: "name one with --key FILE.pub".into() };
    }
    let (mut what, mut deeds) = (Vec::new(), Vec::new());
    if !facts.has_group {
        deeds.push(Deed::undoable(&format!("groupadd --system {SYSTEM_GROUP}"), &format!("groupdel {SYSTEM_GROUP}")));
    }
    match person {
        None => {
            what.push(format!("make the login {login}, in the group {SYSTEM_GROUP}, opened by keys only"));
            deeds.push(Deed::undoable(
                &format!("useradd --create-home --shell /bin/bash --groups {SYSTEM_GROUP} {login}"),
                &format!("userdel --remove --force {login}"),
            ));
        }
        Some(person) if !person.groups.contains(SYSTEM_GROUP) => {
            what.push(format!("let {login} speak to the daemon"));
            deeds.push(Deed::undoable(
                &format!("usermod --append --groups {SYSTEM_GROUP} {login}"),
                &format!("gpasswd --delete {login} {SYSTEM_GROUP}"),
            ));
        }
        Some(_) => {}
    }
    if let Some(deed) = let_in(login, person, wanted) {
        what.push(format!("let the keys of {login} in"));
        deeds.push(deed);
    }
    Verdict::of(what, deeds)
}

/// The deed that lets `wanted` open a login, beside what opens it already.
pub(super) fn let_in(login: &str, person: Option<&Person>, wanted: &[String]) -> Option<Deed> {
    let former = person.map_or("", |person| person.keys.as_str());
    let known = keys(former);
    let missing: Vec<&str> = wanted.iter().filter(|key| !known.contains(key)).map(String::as_str).collect();
    if missing.is_empty() {
        return None;
    }
    let home = person.map_or_else(|| format!("/home/{login}"), |person| person.home.clone());
    let gap = if former.is_empty() || former.ends_with('\n') { "" } else { "\n" };
    let content = format!("{former}{gap}{}\n", missing.join("\n"));
    Some(Deed::File { path: format!("{home}/.ssh/authorized_keys"), content, mode: 0o600, owner: Owner::Login(login.into()) })
}

fn barred(login: &str, why: &str) -> Verdict {
    let help = "choose another login to deploy with: --login NAME; it is made when it is not there";
    Verdict::Barred { why: format!("{login} cannot be the login that deploys: {why}"), help: help.into() }
}
