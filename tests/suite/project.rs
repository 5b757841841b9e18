//! A small project with a home of its own: services that do what their `service.txt` says, without a build.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_testkit::fixtures::{Home, Process, Ran, free_port, repository};
use serde_json::Value;
use tempfile::TempDir;

use crate::running::Running;

/// The program that all services run.
pub const SERVICE: &str = env!("CARGO_BIN_EXE_plimsoll-test-service");

/// A project called `tiny`, deployed to the environment `local` of its own home.
pub struct Project {
    /// The home that it is deployed in.
    pub home: Home,
    leftovers: Leftovers,
    ports: BTreeMap<String, u16>,
}

/// What a deployment may change on a host, and must not when it is undone: equal before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What `status` tells of the components, their slots with process ids included.
    pub components: Value,
    /// The programs that run, by process id.
    pub programs: BTreeSet<u32>,
    /// The folders of slots and of releases that are laid out.
    pub folders: BTreeSet<PathBuf>,
}

/// The project's folder, and the programs that run with it as an argument. Dropped after the home has stopped them.
struct Leftovers(TempDir);

impl Drop for Leftovers {
    fn drop(&mut self) {
        Process::of_home(self.0.path()).iter().for_each(Process::kill);
    }
}

impl Project {
    /// One service, `web`.
    pub fn new() -> Self {
        Self::of(&[("web", "")])
    }

    /// These services, each in the folder of its name, with lines that its part of the manifest has beside the usual ones.
    pub fn of(components: &[(&str, &str)]) -> Self {
        Self::in_home(Home::new(), components)
    }

    /// The same in a home that is there already.
    pub fn in_home(home: Home, components: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("tiny-").tempdir().expect("the temporary folder takes a folder");
        let ports = components.iter().map(|(name, _)| ((*name).to_owned(), free_port())).collect();
        let project = Self { home, leftovers: Leftovers(folder), ports };
        let parts: String = components.iter().map(|(name, lines)| project.part(name, lines)).collect();
        project.write("plimsoll.toml", &format!("name = \"tiny\"\n{parts}\n[environments.local]\nlease = \"30s\"\n"));
        components.iter().for_each(|(name, _)| project.service(name, "1"));
        project
    }

    fn part(&self, name: &str, lines: &str) -> String {
        let (folder, port) = (self.folder().display(), self.ports[name]);
        format!(
            "\n[components.{name}]\npath = \"{name}\"\nrun = \"exec {SERVICE} {folder}\"\n\
             health = {{ path = \"/health\", interval = \"50ms\" }}\nroute = {{ port = {port} }}\n{lines}\n"
        )
    }

    /// The folder of the manifest.
    pub fn folder(&self) -> &Path {
        self.leftovers.0.path()
    }

    /// Makes the next release of the service behave like this: a version, and words that the test service knows.
    pub fn service(&self, component: &str, behaviour: &str) {
        self.write(&format!("{component}/service.txt"), behaviour);
    }

    /// Writes a file below the project's folder.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.folder().join(file);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the project's folder takes a folder");
        fs::write(&path, text).unwrap_or_else(|error| panic!("cannot write {file}: {error}"));
    }

    /// Reads a file below the project's folder.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder().join(file)).unwrap_or_else(|error| panic!("cannot read {file}: {error}"))
    }

    /// Replaces `from` by `to` in the manifest.
    pub fn edit(&self, from: &str, to: &str) {
        let text = self.read("plimsoll.toml");
        assert!(text.contains(from), "{from:?} is not in {text}");
        self.write("plimsoll.toml", &text.replace(from, to));
    }

    /// Sets how long the deployments that begin from now on stay claimed when nobody renews their claim.
    pub fn lease(&self, lease: &str) {
        let manifest = self.read("plimsoll.toml");
        let former = manifest.lines().find(|line| line.starts_with("lease =")).expect("the manifest has a lease");
        self.write("plimsoll.toml", &manifest.replace(former, &format!("lease = {lease:?}")));
    }

    /// Adds to the manifest.
    pub fn append(&self, text: &str) {
        self.write("plimsoll.toml", &(self.read("plimsoll.toml") + text));
    }

    /// Commits all of it; gives the commit's hash.
    pub fn commit(&self, message: &str) -> String {
        repository::commit(self.folder(), message)
    }

    /// Where people find a service; `path` starts with a slash.
    pub fn url(&self, component: &str, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports[component])
    }

    /// Runs the binary for this project with `--json`.
    pub fn run<'a>(&'a self, args: impl IntoIterator<Item = &'a str>) -> Ran {
        self.home.json(self.folder(), args)
    }

    /// Deploys, which has to go well.
    #[track_caller]
    pub fn deploy(&self) -> Ran {
        self.run(["deploy", "local"]).ended(0)
    }

    /// Begins a command that tells its events; for this project, and `local`.
    pub fn begin(&self, command: &str) -> Running {
        let mut begun = self.home.command(["-C"]);
        begun.arg(self.folder()).args([command, "local", "--events"]);
        Running::start(begun)
    }

    /// The newest deployments on record first.
    #[track_caller]
    pub fn history(&self) -> Vec<Value> {
        let told = self.run(["history", "local"]).ended(0).detail("/deployments");
        told.as_array().cloned().expect("the history is a list")
    }

    /// How the newest deployment on record ended.
    #[track_caller]
    pub fn last_outcome(&self) -> String {
        self.history()[0]["outcome"].as_str().expect("an outcome is a word").to_owned()
    }

    /// Everything that an undone deployment leaves as it was.
    #[track_caller]
    pub fn standing(&self) -> Standing {
        let mut components = self.run(["status", "local"]).ended(0).detail("/components");
        for component in components.as_array_mut().expect("components are a list") {
            // After a way there and back this is the end of the deployment, milliseconds later than its switch.
            component.as_object_mut().expect("a component is an object").remove("since");
        }
        Standing { components, programs: self.programs(), folders: self.folders() }
    }

    /// The programs of its slots, by process id.
    pub fn programs(&self) -> BTreeSet<u32> {
        let running = Process::of_home(self.folder());
        running.iter().filter(|process| process.command_line.starts_with(SERVICE)).map(|process| process.pid).collect()
    }

    fn folders(&self) -> BTreeSet<PathBuf> {
        let environment = self.home.path().join("environments/tiny/local");
        let slots = entries(&environment.join("slots"));
        let releases = entries(&environment.join("releases")).into_iter().flat_map(|component| entries(&component));
        releases.chain(slots).collect()
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}
