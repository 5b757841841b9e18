//! Projects that are deployed to test hosts.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use plimsoll_testkit::fixtures::Ran;
use plimsoll_testkit::probe::{Body, Probe, Target};
use tempfile::TempDir;

use crate::ask::get;
use crate::crew::{Crew, address, port};
use crate::running::Running;

/// The program that all services run.
const SERVICE: &str = env!("CARGO_BIN_EXE_plimsoll-test-service");

/// Requests in a second, over all kinds and hosts.
const RATE: u32 = 100;

/// A project called `tiny`: one service, which does what its `service.txt` says, on all hosts of a crew.
pub struct Project {
    /// Who deploys it.
    pub crew: Crew,
    folder: TempDir,
    port: u16,
    hosts: Vec<&'static str>,
}

/// Requests of every kind to each of some hosts, until they are stopped.
pub struct Traffic(Probe);

impl Project {
    /// Its environment is called `production`.
    pub fn new(crew: Crew, hosts: &[&'static str]) -> Self {
        let folder = tempfile::Builder::new().prefix("tiny-").tempdir().expect("the temporary folder takes a folder");
        let project = Self { crew, folder, port: port(), hosts: hosts.to_vec() };
        project.write(
            "plimsoll.toml",
            &format!(
                "name = \"tiny\"\n\n[components.web]\npath = \"web\"\nrun = \"exec ./service .\"\n\
                 health = {{ path = \"/health\", interval = \"50ms\" }}\nstart_timeout = \"20s\"\nroute = {{ port = {} }}\n\n\
                 [environments.production]\nhosts = {:?}\nconfirm = false\nwork_tree = true\nlease = \"30s\"\n",
                project.port,
                project.crew.logins()
            ),
        );
        fs::create_dir(project.folder.path().join("web")).expect("the project's folder takes a folder");
        fs::copy(SERVICE, project.folder.path().join("web/service")).expect("the project's folder takes the program");
        project.service("1");
        project
    }

    /// Makes the next release behave like this: a version, and words that the test service knows.
    pub fn service(&self, behaviour: &str) {
        self.write("web/service.txt", behaviour);
    }

    /// Gives the next release a file of data.
    pub fn data(&self, content: &[u8]) {
        fs::write(self.folder.path().join("web/data"), content).expect("the project's folder takes a file");
    }

    /// Sets how long the deployments that begin from now on stay claimed when nobody renews their claim.
    pub fn lease(&self, lease: &str) {
        let text = self.manifest();
        let former = text.lines().find(|line| line.starts_with("lease =")).expect("the manifest has a lease");
        self.write("plimsoll.toml", &text.replace(former, &format!("lease = {lease:?}")));
    }

    /// Lets the service have a secret.
    pub fn with_secret(&self, name: &str) {
        self.change("[components.web]", &format!("[components.web]\nsecrets = [{name:?}]"));
    }

    /// Asks for a user that the service runs as; none is asked for at first.
    pub fn user(&self, user: Option<&str>) {
        let text = self.manifest();
        let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("user =")).collect();
        self.write("plimsoll.toml", &without.join("\n"));
        if let Some(user) = user {
            self.change("[components.web]", &format!("[components.web]\nuser = {user:?}"));
        }
    }

    /// Runs a command on the environment with values of secrets.
    #[track_caller]
    pub fn run_with(&self, command: &str, more: &[&str], secrets: &[(&str, &str)]) -> Ran {
        let folder = self.folder.path().to_string_lossy();
        let mut command = self.crew.command(["-C", &folder, command, "production"].into_iter().chain(more.iter().copied()));
        crate::crew::ran(command.arg("--json").envs(secrets.iter().copied()))
    }

    /// Runs a command on the environment, with what stands behind it.
    #[track_caller]
    pub fn run(&self, command: &str, more: &[&str]) -> Ran {
        let folder = self.folder.path().to_string_lossy();
        self.crew.run(["-C", &folder, command, "production"].into_iter().chain(more.iter().copied()))
    }

    /// Begins a command on the environment that tells its events.
    pub fn begin(&self, command: &str) -> Running {
        let folder = self.folder.path().to_string_lossy();
        Running::start({
            let mut begun = self.crew.command(["-C", &folder, command, "production", "--events"]);
            begun.env("LOGNAME", "operator");
            begun
        })
    }

    /// Where the service is found on a host.
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("http://{}:{}{path}", address(host), self.port)
    }

    /// Each of its hosts serves this version.
    #[track_caller]
    pub fn assert_serves(&self, version: &str) {
        for host in &self.hosts {
            assert_eq!(get(&self.url(host, "/")), format!("version {version}"), "{host}");
        }
    }

    /// Requests to these hosts.
    pub fn traffic(&self, hosts: &[&str]) -> Traffic {
        let upload = || {
            let pieces = ["slow", "upload"].map(|piece| piece.as_bytes().to_vec().into()).to_vec();
            Body::Chunks { pieces, pause: Duration::from_millis(50) }
        };
        let targets = hosts.iter().flat_map(|host| {
            let url = |path: &str| self.url(host, path);
            let name = |kind: &str| format!("{kind} on {host}");
            [
                Target::get(name("get"), &url("/")).contains("version"),
                Target::get(name("get, fresh"), &url("/")).contains("version").fresh(),
                Target::get(name("slow"), &url("/slow")).contains("version"),
                Target::post(name("post, fresh"), &url("/echo"), Body::Whole("hello".into())).contains("got hello").fresh(),
                Target::post(name("upload"), &url("/echo"), upload()).contains("got slowupload"),
            ]
        });
        Traffic::at(targets.collect())
    }

    /// What the home host has on record: the outcomes, the newest first.
    #[track_caller]
    pub fn outcomes(&self) -> Vec<String> {
        let told = self.run("history", &[]).ended(0).detail("/deployments");
        told.as_array().expect("the history is a list").iter().map(|told| told["outcome"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// How many programs of the service run, by host.
    pub fn programs(&self) -> BTreeMap<&'static str, usize> {
        self.hosts.iter().map(|host| (*host, self.crew.programs(host))).collect()
    }

    /// One program serves on each host, and nothing is left of any other.
    #[track_caller]
    pub fn assert_at_rest(&self) {
        crate::ask::until(self.hosts.iter().map(|host| (*host, 1)).collect(), || self.programs());
    }

    fn manifest(&self) -> String {
        fs::read_to_string(self.folder.path().join("plimsoll.toml")).expect("the manifest was written")
    }

    fn change(&self, from: &str, to: &str) {
        self.write("plimsoll.toml", &self.manifest().replacen(from, to, 1));
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    }
}

impl Traffic {
    /// Requests to these targets; some have been answered when it returns.
    pub fn at(targets: Vec<Target>) -> Self {
        let traffic = Self(Probe::start(targets, RATE));
        traffic.flows();
        traffic
    }

    /// Waits until more have been answered.
    pub fn flows(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("the system has descriptors left");
        runtime.block_on(self.0.ended_more(50));
    }

    /// Stops, when more have been answered: every single one must have been answered right.
    #[track_caller]
    pub fn assert_unharmed(self) {
        self.flows();
        self.0.stop_blocking().assert_clean();
    }
}
