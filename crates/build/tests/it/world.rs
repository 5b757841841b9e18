//! A project in a folder of its own, with or without git, and all that is needed to take it to its releases.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use plimsoll_build::name::Contents;
use plimsoll_build::{BuildError, BuildEvent, Cache, Chosen, Notify, Order, Packed, Sources, Wanted, Workshop, build_all, source};
use plimsoll_model::Policy;
use plimsoll_model::agents::Agents;
use plimsoll_model::backup::BackupPolicy;
use plimsoll_model::manifest::project::{Build, Component, Environment, Hooks, Kind, Project, SecretSources, StrategyName};
use plimsoll_model::release::{FileContent, FileEntry};
use plimsoll_model::secret::Redactor;
use plimsoll_model::{ComponentName, EnvironmentName, HostName, ProjectName, RelPath, ReleaseId, Secret};
use tempfile::TempDir;

/// What hosts it is built for.
pub const PLATFORM: &str = "x86_64-linux";

/// A secret that must never be shown.
pub const SECRET: &str = "hunter22-and-more";

/// A project, its cache, and what was told.
pub struct World {
    temp: TempDir,
    folder: PathBuf,
    pub project: Project,
    redactor: Redactor,
    events: Mutex<Vec<BuildEvent>>,
}

impl World {
    /// A project in a folder without git.
    pub fn plain() -> Self {
        let temp = TempDir::new().unwrap();
        let folder = temp.path().join("work");
        fs::create_dir(&folder).unwrap();
        let redactor = Redactor::new(&[Secret::new(SECRET.to_owned())]);
        Self { temp, folder, project: project(), redactor, events: Mutex::default() }
    }

    /// A project that is a git repository, without a commit.
    pub fn git() -> Self {
        let world = Self::plain();
        world.run_git(&["init", "--quiet", "--initial-branch=main"]);
        world
    }

    /// The same repository, with the project in its folder `sub`.
    pub fn moved_to(mut self, sub: &str) -> Self {
        self.folder = self.folder.join(sub);
        fs::create_dir_all(&self.folder).unwrap();
        self
    }

    /// Adds a component in the folder of the same name.
    pub fn with(mut self, name: &str, build: Option<(&str, &[&str])>) -> Self {
        self.project.components.insert(component_name(name), component(name, build));
        self
    }

    pub fn component(&mut self, name: &str) -> &mut Component {
        self.project.components.get_mut(&component_name(name)).unwrap()
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn mode(&self, path: &str, mode: u32) -> &Self {
        fs::set_permissions(self.folder.join(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    pub fn link(&self, path: &str, target: &str) -> &Self {
        fs::create_dir_all(self.folder.join(path).parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, self.folder.join(path)).unwrap();
        self
    }

    pub fn run_git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "protocol.file.allow=always"];
        let output = Command::new("git").args(identity).args(arguments).current_dir(&self.folder).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits all that is there, and answers the commit.
    pub fn commit(&self) -> String {
        self.run_git(&["add", "--all", "."]);
        self.run_git(&["commit", "--quiet", "--message", "change"]);
        self.run_git(&["rev-parse", "HEAD"])
    }

    pub fn cache(&self) -> Cache {
        Cache::of(&self.temp.path().join("cache"), &self.project.name, &self.folder)
    }

    pub async fn resolve(&self, wanted: Wanted) -> Result<Chosen, BuildError> {
        source::resolve(&self.folder, &wanted, &self.project.environment, self.project.version.as_deref()).await
    }

    pub async fn open(&self, wanted: Wanted) -> Sources {
        let chosen = self.resolve(wanted).await.unwrap();
        Sources::open(&self.folder, &chosen, &self.cache(), &|event| self.tell(event)).await.unwrap()
    }

    pub async fn names(&self, wanted: Wanted) -> Result<BTreeMap<ComponentName, ReleaseId>, BuildError> {
        Ok(Contents::read(&self.open(wanted).await, &self.project).await?.names(&self.project, PLATFORM))
    }

    pub async fn name(&self, component: &str, wanted: Wanted) -> ReleaseId {
        self.names(wanted).await.unwrap()[&component_name(component)]
    }

    /// Names all releases of the work tree, and builds them.
    pub async fn build(&self) -> Result<BTreeMap<ComponentName, Packed>, BuildError> {
        self.build_from(&self.open(Wanted::WorkTree).await).await
    }

    pub async fn build_from(&self, sources: &Sources) -> Result<BTreeMap<ComponentName, Packed>, BuildError> {
        let releases = Contents::read(sources, &self.project).await?.names(&self.project, PLATFORM);
        self.build_named(sources, &releases).await
    }

    pub async fn build_named(
        &self,
        sources: &Sources,
        releases: &BTreeMap<ComponentName, ReleaseId>,
    ) -> Result<BTreeMap<ComponentName, Packed>, BuildError> {
        self.in_workshop(sources, async |workshop| build_all(&Order { workshop, releases }).await).await
    }

    /// Builds all from `sources`, telling `notify`.
    pub async fn build_telling(&self, sources: &Sources, notify: Notify<'_>) -> Result<BTreeMap<ComponentName, Packed>, BuildError> {
        let (cache, releases) = (self.cache(), Contents::read(sources, &self.project).await?.names(&self.project, PLATFORM));
        let workshop = Workshop { sources, project: &self.project, platform: PLATFORM, cache: &cache, redactor: &self.redactor, notify };
        build_all(&Order { workshop: &workshop, releases: &releases }).await
    }

    /// Does `work` with all that building and testing need.
    pub async fn in_workshop<R>(&self, sources: &Sources, work: impl AsyncFnOnce(&Workshop<'_>) -> R) -> R {
        let (cache, notify) = (self.cache(), |event| self.tell(event));
        work(&Workshop { sources, project: &self.project, platform: PLATFORM, cache: &cache, redactor: &self.redactor, notify: &notify }).await
    }

    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    pub fn tell(&self, event: BuildEvent) {
        self.events.lock().unwrap().push(event);
    }

    /// What was told since this was asked last.
    pub fn told(&self) -> Vec<BuildEvent> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }
}

/// The paths in a release, each with what it is: `*` behind programs, `-> TARGET` behind links.
pub fn contents(packed: &Packed) -> Vec<String> {
    let shown = |entry: &FileEntry| match &entry.content {
        FileContent::File { executable, .. } => format!("{}{}", entry.path, if *executable { "*" } else { "" }),
        FileContent::Link { target } => format!("{} -> {target}", entry.path),
    };
    packed.manifest.files.iter().map(shown).collect()
}

pub fn component_name(name: &str) -> ComponentName {
    ComponentName::new(name).unwrap()
}

fn component(name: &str, build: Option<(&str, &[&str])>) -> Component {
    let path = |text: &&str| RelPath::new(text).unwrap();
    Component {
        path: path(&name),
        sources: Vec::new(),
        build: build.map(|(command, output)| Build { command: command.into(), output: output.iter().map(path).collect() }),
        test: None,
        kind: Kind::Site { root: RelPath::here() },
        route: None,
        tls: None,
        depends_on: BTreeSet::new(),
        shared: Vec::new(),
        strategy: StrategyName::BlueGreen,
        rolling: None,
        hosts: None,
    }
}

fn project() -> Project {
    let environment = Environment {
        name: EnvironmentName::new("dev").unwrap(),
        branch: None,
        hosts: vec![HostName::local()],
        lease_ms: 30_000,
        keep_releases: 5,
        confirm: false,
        work_tree: false,
        safe_migrations: false,
        policy: Policy { agents: Agents::Plan, approval: None },
        backups: BackupPolicy { before_migrations: false, keep: 5, every_ms: None, max_age_ms: None },
    };
    let name = ProjectName::new("shop").unwrap();
    Project { name, version: None, environment, components: BTreeMap::new(), hooks: Hooks::default(), secrets: SecretSources::default() }
}
