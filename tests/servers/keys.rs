//! A new key takes the place of the one that opens a host, and nobody is locked out by that.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::crew::{Crew, as_root, ssh_config};

const HOST: &str = "h4";

/// The operator, the login, and what opens it.
struct Scene {
    crew: Crew,
    login: String,
}

impl Scene {
    fn new() -> Self {
        let crew = Crew::bare(&[HOST]);
        let login = crew.logins().remove(0);
        Self { crew, login }
    }

    fn file(&self) -> String {
        format!("/home/{}/.ssh/authorized_keys", self.crew.name())
    }

    fn authorized(&self) -> String {
        as_root(HOST, &format!("cat {}", self.file()))
    }

    fn key(&self, name: &str) -> PathBuf {
        self.crew.home.path().join(name)
    }

    #[track_caller]
    fn rotate(&self, key: &Path, code: i32) -> plimsoll_testkit::fixtures::Ran {
        let key = key.to_string_lossy();
        self.crew.run(["host", "keys", "rotate", &self.login, "--key", &key, "--yes"]).ended(code)
    }

    /// Whether what is configured opens the login now, or this key beside it.
    fn opens(&self, key: Option<&Path>) -> bool {
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(ssh_config()).args(["-o", "BatchMode=yes", "-o", "ControlPath=none"]).env_remove("SSH_AUTH_SOCK");
        ssh.args(key.into_iter().flat_map(|key| ["-i".as_ref(), key.as_os_str()]));
        ssh.args([&self.login, "true"]).output().expect("there is ssh").status.success()
    }
}

#[test]
fn a_new_key_takes_the_place_of_the_old_one() {
    let scene = Scene::new();
    let (key, before) = (scene.key("new"), scene.authorized());
    let unasked = scene.crew.run(["host", "keys", "rotate", &scene.login, "--key", &key.to_string_lossy()]).ended(5);
    assert_eq!(unasked.document()["code"], "approval-missing");
    assert!(!key.exists() && scene.authorized() == before, "nothing is made before somebody has agreed");

    as_root(HOST, &format!("printf '# ours\\nssh-rsa AAAAsomebody bob\\n' >> {}", scene.file()));
    let rotated = scene.rotate(&key, 0);
    assert_eq!((rotated.document()["code"].as_str(), rotated.detail("/is_configured").as_bool()), (Some("rotated"), Some(false)));
    assert!(rotated.document()["help"].as_str().is_some_and(|help| help.contains("IdentityFile")), "{}", rotated.stdout);
    assert!(scene.opens(Some(&key)) && !scene.opens(None));
    let after = scene.authorized();
    assert!(after.starts_with("# ours\nssh-rsa AAAAsomebody bob\nssh-ed25519 ") && after.lines().count() == 3, "others stay: {after}");
    assert_eq!(as_root(HOST, &format!("stat -c %a:%U {}", scene.file())).trim(), format!("600:{}", scene.crew.name()));

    // Whoever was cut off when the old one was out, or before that, does it again.
    assert_eq!(scene.rotate(&key, 0).document()["code"], "present");
    as_root(HOST, &format!("printf '%s\\n' '{}' >> {}", before.trim(), scene.file()));
    assert_eq!(scene.rotate(&key, 0).document()["code"], "rotated");
    assert_eq!(scene.authorized(), after);
}

#[test]
fn a_key_that_does_not_open_the_host_changes_nothing() {
    let scene = Scene::new();
    let (key, before) = (scene.key("locked"), scene.authorized());
    // Its passphrase is not known to anybody who could be asked.
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "a passphrase", "-f"]).arg(&key).status();
    assert!(made.expect("there is ssh-keygen").success());
    let failed = scene.rotate(&key, 4);
    assert_eq!(failed.document()["code"], "login-fails");
    assert!(failed.stdout.contains("what opens it is as before"), "{}", failed.stdout);
    assert!(scene.authorized() == before && scene.opens(None));
}
