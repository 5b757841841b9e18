//! What the measures say of servers of several kinds.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{Command, Person};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx0Wk4O0Yy9y2nq6o4T1p3lWg1mB0mJwq8m9w4u5v6x ada@laptop";

fn set(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|one| (*one).to_owned()).collect()
}

fn wishes() -> Wishes {
    Wishes { login: "deploy".into(), admin: "admin".into(), keys: Vec::new(), ports: BTreeSet::new(), without: BTreeSet::new() }
}

/// A Debian as it comes from a provider: root, with a key.
fn bare() -> Facts {
    Facts {
        has_apt: true,
        packages: set(&["sudo"]),
        active: set(&["ssh.service"]),
        people: BTreeMap::from([("root".to_owned(), Person { home: "/root".into(), groups: set(&["root"]), keys: KEY.into() })]),
        sshd: [("port", "22"), ("permitrootlogin", "yes"), ("passwordauthentication", "yes"), ("kbdinteractiveauthentication", "yes")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        memory: (1 << 30, 0),
        keys: vec![KEY.into()],
        ..Facts::default()
    }
}

/// What the bare one is when everything was done.
fn provisioned() -> Facts {
    let mut facts = bare();
    for judged in judge(&bare(), &wishes()) {
        let Verdict::Do { deeds, .. } = judged.verdict else { continue };
        for deed in deeds {
            if let Deed::File { path, content, .. } = deed {
                facts.files.insert(path, content);
            }
        }
    }
    let services = ["plimsoll.service", "plimsoll.socket", "plimsoll-firewall.service", "systemd-timesyncd.service"];
    facts.active.extend(set(&services));
    facts.enabled.extend(set(&services));
    facts.packages.extend(PACKAGES.map(str::to_owned));
    let person = |groups: &[&str]| Person { home: "/home/x".into(), groups: set(groups), keys: format!("{KEY}\n") };
    facts.people.extend([("deploy".to_owned(), person(&["deploy", "plimsoll"])), ("admin".to_owned(), person(&["admin"]))]);
    facts.has_group = true;
    facts.program_is_ours = true;
    facts.memory.1 = 1 << 30;
    for (name, value) in [("permitrootlogin", "no"), ("passwordauthentication", "no"), ("kbdinteractiveauthentication", "no")] {
        facts.sshd.insert(name.into(), value.into());
    }
    facts
}

fn verdict(name: &str, facts: &Facts, wishes: &Wishes) -> Verdict {
    judge(facts, wishes).into_iter().find(|judged| judged.measure == name).map(|judged| judged.verdict).expect("the measure is known")
}

#[track_caller]
fn check(name: &str, facts: &Facts, wishes: &Wishes, expect: &str) {
    let told = match verdict(name, facts, wishes) {
        Verdict::Fine => "fine".to_owned(),
        Verdict::Spared { why } => format!("spared: {why}"),
        Verdict::Barred { why, .. } => format!("barred: {why}"),
        Verdict::Do { what, .. } => format!("do: {what}"),
    };
    assert!(told.starts_with(expect), "{name}: {told}, and not {expect}");
}

#[test]
fn a_bare_server_lacks_everything_and_a_provisioned_one_nothing() {
    for judged in judge(&bare(), &wishes()) {
        assert!(matches!(judged.verdict, Verdict::Do { .. }), "{judged:?}");
    }
    for judged in judge(&provisioned(), &wishes()) {
        assert_eq!(judged.verdict, Verdict::Fine, "{}", judged.measure);
    }
}

#[test]
fn only_what_could_lock_somebody_out_comes_last() {
    let closing: Vec<_> =
        judge(&bare(), &wishes()).into_iter().filter(|judged| judged.stage == Stage::Closing).map(|judged| judged.measure).collect();
    assert_eq!(closing, ["firewall", "sshd"]);
    assert_eq!(NAMES[NAMES.len() - 2..], ["firewall", "sshd"]);
}

#[test]
fn what_a_server_is_decides_what_is_done() {
    let with = |change: &dyn Fn(&mut Facts)| {
        let mut facts = bare();
        change(&mut facts);
        facts
    };
    let container = with(&|facts| facts.container = Some("docker".into()));
    check("swap", &container, &wishes(), "spared: it is a container");
    check("time", &container, &wishes(), "spared: it is a container");
    check("swap", &with(&|facts| facts.memory = (4 << 30, 0)), &wishes(), "fine");
    check("time", &with(&|facts| facts.active = set(&["chrony.service"])), &wishes(), "fine");
    check("firewall", &with(&|facts| facts.active = set(&["ufw.service"])), &wishes(), "spared: ufw.service is at work");
    check("updates", &with(&|facts| facts.has_apt = false), &wishes(), "spared: this system has no apt");
    check("sshd", &with(&|facts| facts.sshd.clear()), &wishes(), "spared: its settings cannot be told");
    check("admin", &with(&|facts| facts.sudoer = Some("ubuntu".into())), &wishes(), "spared: ubuntu looks after this server");
    check("login", &with(&|facts| facts.sudoer = Some("deploy".into())), &wishes(), "barred: deploy cannot be the login that deploys");
    check("login", &with(&|facts| facts.keys.clear()), &wishes(), "barred: nobody could log in as deploy");
    let powerful = Person { groups: set(&["deploy", "docker"]), ..Person::default() };
    check("login", &with(&|facts| drop(facts.people.insert("deploy".into(), powerful.clone()))), &wishes(), "barred: deploy cannot be the login");
    let overridden = with(&|facts| drop(facts.files.insert(sshd::SETTINGS.0.into(), sshd::SETTINGS.1.into())));
    check("sshd", &overridden, &wishes(), "barred: /etc/ssh/sshd_config.d/00-plimsoll.conf says what it should");
    check("firewall", &bare(), &Wishes { without: set(&["firewall"]), ..wishes() }, "spared: it was to be left");
    check("firewall", &bare(), &Wishes { ports: BTreeSet::from([8080]), ..wishes() }, "do: let in the ports 22, 80, 443, 8080");
    check(
        "firewall",
        &with(&|facts| drop(facts.sshd.insert("port".into(), "2222 2200".into()))),
        &wishes(),
        "do: let in the ports 80, 443, 2200, 2222",
    );
}

#[test]
fn keys_are_added_and_none_is_taken_away() {
    let mut facts = bare();
    facts.people.insert("deploy".into(), Person { home: "/srv/deploy".into(), groups: set(&["plimsoll"]), keys: "ssh-rsa OTHER bob".into() });
    let Verdict::Do { deeds, .. } = verdict("login", &facts, &wishes()) else { panic!("a key is missing") };
    let files: Vec<_> = deeds
        .iter()
        .filter_map(|deed| if let Deed::File { path, content, .. } = deed { Some((path.as_str(), content.as_str())) } else { None })
        .collect();
    assert_eq!(files, [("/srv/deploy/.ssh/authorized_keys", format!("ssh-rsa OTHER bob\n{KEY}\n").as_str())]);
}

#[test]
fn what_is_undone_follows_the_files_that_come_back() {
    for name in ["daemon", "firewall", "sshd"] {
        let Verdict::Do { deeds, .. } = verdict(name, &bare(), &wishes()) else { panic!("{name} is missing") };
        let first_file = deeds.iter().position(|deed| matches!(deed, Deed::File { .. })).expect("it has files");
        let before: Vec<_> = deeds[..first_file].iter().filter(|deed| matches!(deed, Deed::Run { undo: Some(_), .. })).collect();
        assert!(!before.is_empty(), "{name}: undone in reverse, something has to read the files anew");
    }
    assert_eq!(Command::new(" a  b ").0, ["a", "b"]);
}
