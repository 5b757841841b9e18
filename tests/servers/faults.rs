//! Each way in which a machine cannot be reached, provoked for real: told with its code, exit code 4 and what to do.

use std::fs;
use std::path::Path;
use std::process::Command;

use plimsoll_testkit::fixtures::Ran;

use crate::crew::{Crew, ran, ssh_config};

/// A configuration of `ssh` in which some lines come first.
fn config(folder: &Path, name: &str, lines: &str) -> std::path::PathBuf {
    let usual = fs::read_to_string(ssh_config()).expect("the hosts are there");
    let path = folder.join(name);
    fs::write(&path, format!("Host *\n  {}\n{usual}", lines.replace('\n', "\n  "))).expect("the temporary folder takes a file");
    path
}

fn key(path: &Path, passphrase: &str) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", passphrase, "-f"]).arg(path).status();
    assert!(made.is_ok_and(|made| made.success()), "there is ssh-keygen");
}

#[track_caller]
fn assert_told(told: &Ran, code: &str, secret: &str) {
    let document = told.document();
    assert_eq!((told.code, document["code"].as_str(), document["help"].is_string()), (Some(4), Some(code), true), "{}", told.stdout);
    assert!(!told.stdout.contains(secret) && !told.stderr.contains(secret), "{}{}", told.stdout, told.stderr);
}

#[test]
fn every_fault_is_told_with_its_code_and_help() {
    let crew = Crew::bare(&["h1"]);
    let login = crew.logins().remove(0);
    let folder = tempfile::tempdir().expect("the temporary folder takes a folder");
    let path = |name: &str| folder.path().join(name);
    let secret = "correct-horse-battery";
    key(&path("other"), "");
    key(&path("locked"), secret);
    let known = fs::read_to_string(ssh_config().with_file_name("known_hosts")).expect("the hosts have keys");
    let other = fs::read_to_string(path("other.pub")).expect("a key has a public half");
    let other = other.split_whitespace().nth(1).expect("it is the second word");
    let changed: String = known.lines().filter_map(|line| line.split_once(' ')).map(|(host, _)| format!("{host} ssh-ed25519 {other}\n")).collect();
    fs::write(path("changed"), changed).expect("the temporary folder takes a file");
    fs::write(path("nobody"), "").expect("the temporary folder takes a file");
    let locked = fs::read_to_string(path("locked.pub")).expect("a key has a public half");
    crate::crew::as_root("h1", &format!("echo '{}' >> /home/{}/.ssh/authorized_keys", locked.trim(), crew.name()));

    let at = |name: &str| path(name).display().to_string();
    let table: [(&str, String, &str); 11] = [
        ("ssh-name-unknown", "HostName nowhere.invalid".to_owned(), login.as_str()),
        ("ssh-refused", "Port 1".into(), &login),
        ("ssh-timeout", "ProxyCommand sleep 60\nConnectTimeout 1".into(), &login),
        ("ssh-host-key-unknown", format!("UserKnownHostsFile {}", at("nobody")), &login),
        ("ssh-host-key-changed", format!("UserKnownHostsFile {}", at("changed")), &login),
        ("ssh-permission-denied", format!("IdentityFile {}\nIdentitiesOnly yes", at("other")), "nobody-here@h1"),
        ("ssh-permission-denied", "PubkeyAuthentication no".into(), &login),
        ("ssh-key-locked", format!("IdentityFile {}\nIdentitiesOnly yes", at("locked")), &login),
        ("ssh-disconnected", "ProxyCommand true".into(), &login),
        ("ssh-configuration", "Nonsense yes".into(), &login),
        ("plimsoll-missing", String::new(), &login),
    ];
    for (code, lines, host) in table {
        // The key that always works comes last in a list of keys, so where another is to be tried it must be the only one.
        let own = config(folder.path(), "config", &lines);
        if lines.contains("IdentityFile") {
            let text = fs::read_to_string(&own)
                .expect("it was written")
                .replace(&format!("IdentityFile {}", ssh_config().with_file_name("key").display()), "");
            fs::write(&own, text).expect("it was written before");
        }
        let mut facts = crew.command(["host", "facts", host, "--json"]);
        // Without sockets of its own a try cannot use the connection of the one before.
        fs::remove_dir_all(crew.home.path().join("ssh")).ok();
        assert_told(&ran(facts.env("PLIMSOLL_SSH_CONFIG", own)), code, secret);
    }
    let mut facts = crew.command(["host", "facts", &login, "--json"]);
    assert_told(&ran(facts.env("PATH", folder.path())), "ssh-missing", secret);
}
