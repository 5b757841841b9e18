//! A host that root runs: the daemon and the slots of its projects are units of systemd. There is one on a machine, so tests take turns.

use std::fs::{self, File};
use std::process::Command;

use plimsoll_testkit::fixtures::Ran;
use tempfile::TempDir;

use crate::crew::{Crew, as_root, ran};
use crate::running::Running;

/// The machine.
const HOST: &str = "h3";
/// The state of the host there.
const FOLDER: &str = "/root/.local/state/plimsoll";
/// The unit of its daemon.
const DAEMON: &str = "test-daemon";
/// Makes the machine what it was.
const CLEAR: &str = "systemctl stop test-daemon 'plimsoll-*.service'; chmod -R u+w /root/.local/state/plimsoll 2>/dev/null; \
                     rm -rf /root/.local /root/.config/plimsoll /var/lib/private/plimsoll-* /var/lib/plimsoll-*";

/// A host of root, and a project that is deployed there.
pub struct System {
    crew: Crew,
    folder: TempDir,
    #[expect(dead_code, reason = "held for its lock")]
    turn: File,
}

impl System {
    /// A host with nothing on it, and a project that has these lines in its manifest; its environment is called `production`.
    /// Each of `components` runs the test service as its `service.txt` says.
    pub fn new(manifest: &str, components: &[(&str, &str)]) -> Self {
        let turn = File::create(std::env::temp_dir().join("plimsoll-test-system.lock")).expect("the temporary folder takes a file");
        turn.lock().expect("a file can be locked");
        let crew = Crew::bare(&[]);
        let folder = tempfile::Builder::new().prefix("system-").tempdir().expect("the temporary folder takes a folder");
        let system = Self { crew, folder, turn };
        system.clear();
        system.install();
        system.root("mkdir -p /root/.config/plimsoll; echo 'users = [\"games\"]' > /root/.config/plimsoll/host.toml");
        system.serve();
        system.write(
            "plimsoll.toml",
            &format!("name = \"tiny\"\n{manifest}\n[environments.production]\nhosts = [\"{HOST}\"]\nconfirm = false\nwork_tree = true\n"),
        );
        for (component, behaviour) in components {
            fs::create_dir(system.folder.path().join(component)).expect("the project's folder takes a folder");
            fs::copy(env!("CARGO_BIN_EXE_plimsoll-test-service"), system.folder.path().join(component).join("service")).expect("there is room");
            system.write(&format!("{component}/service.txt"), behaviour);
        }
        system
    }

    /// Starts the daemon, unless it runs.
    pub fn serve(&self) {
        let daemon = "/root/.local/bin/plimsoll host serve --supervise systemd";
        self.root(&format!("systemctl -q is-active {DAEMON} || systemd-run -q --collect --unit {DAEMON} --setenv HOME=/root {daemon}"));
    }

    /// Kills the daemon, and nothing else.
    pub fn kill_daemon(&self) {
        self.root(&format!("systemctl kill -s KILL --kill-who main {DAEMON}; while systemctl -q is-active {DAEMON}; do :; done"));
    }

    /// Runs a command on the environment, with variables for secrets.
    #[track_caller]
    pub fn run(&self, command: &str, more: &[&str], secrets: &[(&str, &str)]) -> Ran {
        let folder = self.folder.path().to_string_lossy();
        ran(self.command(&["-C", &folder, command, "production", "--json"]).args(more).envs(secrets.iter().copied()))
    }

    /// Begins a command on the environment.
    pub fn begin(&self, command: &str, more: &[&str]) -> Running {
        let folder = self.folder.path().to_string_lossy();
        let mut begun = self.command(&["-C", &folder, command, "production"]);
        begun.args(more);
        Running::start(begun)
    }

    /// Runs a command on the machine as root, which has to go well.
    #[track_caller]
    pub fn root(&self, command: &str) -> String {
        as_root(HOST, command)
    }

    /// The process of a component's slot.
    pub fn pid(&self, component: &str) -> u64 {
        let status = self.run("status", &[], &[]).ended(0).detail("/components");
        let mut components = status.as_array().expect("the components are a list").iter();
        let found = components.find(|found| found["name"] == component).unwrap_or_else(|| panic!("no {component}: {status}"));
        found["slots"][0]["pid"].as_u64().unwrap_or_default()
    }

    /// Where a file of the host's state is.
    pub fn state(&self, path: &str) -> String {
        format!("{FOLDER}/environments/tiny/production/{path}")
    }

    /// The project's manifest.
    pub fn manifest(&self) -> String {
        fs::read_to_string(self.folder.path().join("plimsoll.toml")).expect("it was written")
    }

    /// Writes a file of the project.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the project's folder takes a folder");
        fs::write(path, text).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    }

    fn command(&self, args: &[&str]) -> Command {
        self.crew.command(args.iter().copied())
    }

    /// Where nobody but root finds it.
    fn install(&self) {
        self.root("mkdir -p /root/.local/bin");
        let sent = Command::new("docker")
            .args(["cp", "--quiet"])
            .arg(self.crew.home.binary())
            .arg(format!("plimsoll-test-{HOST}:/root/.local/bin/plimsoll"))
            .status()
            .expect("there is docker");
        assert!(sent.success(), "the binary is copied to {HOST}");
    }

    fn clear(&self) {
        self.root(&format!("{CLEAR}; true"));
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.clear();
        }
    }
}
