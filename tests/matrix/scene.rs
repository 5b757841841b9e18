//! The shop in a home whose processes have crash points, and versions of it to deploy.

use std::path::{Path, PathBuf};

use plimsoll_testkit::fixtures::{Home, Ran, Shop};
use plimsoll_testkit::probe::{Body, Probe, Target};
use serde_json::Value;
use tempfile::TempDir;

use crate::attempt::{Attempt, Outcome};
use crate::crew::{Crew, Member};
use crate::gate::Gate;
use crate::program::{self, VERSIONS};
use crate::stage::Stage;
use crate::toll::Toll;

/// Requests in a second, over all routes.
const RATE: u32 = 100;

/// A home, the shop to deploy there, and who watches its processes.
pub struct Scene {
    /// Where processes tell that they have come to a crash point.
    pub gate: Gate,
    /// The host.
    pub home: Home,
    /// What is deployed.
    shop: Shop,
    /// Versions by when they served last: the one that serves is the last.
    served: Vec<&'static str>,
    /// Holds the binary.
    _folder: TempDir,
}

/// How a deployment is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub id: String,
    /// `committed` or `rolled_back`, once it is over.
    pub outcome: String,
}

impl Scene {
    /// A home in which three of the versions in `programs` have been deployed, one after the other.
    pub fn new(programs: &Path) -> Self {
        let (folder, binary) = program::apart();
        let gate = Gate::of(folder.path());
        let shop = Shop::new();
        let command = format!("cp {}/$(cat version.txt) backend", programs.display());
        shop.edit("plimsoll.toml", "cargo build --release --locked --target-dir target", &command);
        shop.edit("plimsoll.toml", "target/release/backend", "backend");
        shop.write("plimsoll.toml", &format!("{}\n[environments.local]\nkeep_releases = 2\nlease = \"30s\"\n", shop.read("plimsoll.toml")));
        let mut scene = Self { gate, home: Home::of(&binary), shop, served: VERSIONS.to_vec(), _folder: folder };
        for _ in 1..VERSIONS.len() {
            scene.deploy();
        }
        scene
    }

    /// The version that serves.
    pub fn serving(&self) -> &'static str {
        self.served.last().expect("there are versions")
    }

    /// Takes note of the version that serves now.
    pub fn serves(&mut self, version: &'static str) {
        self.served.retain(|served| *served != version);
        self.served.push(version);
    }

    /// Makes the version that served longest ago the one to deploy, claimed for `lease`, and tells which it is.
    pub fn turn(&self, lease: &str) -> &'static str {
        let next = self.served[0];
        for file in ["backend/version.txt", "admin/site/version.txt", "website/site/version.txt"] {
            self.shop.write(file, next);
        }
        let manifest = self.shop.read("plimsoll.toml");
        let former = manifest.lines().find(|line| line.starts_with("lease =")).expect("the manifest has a lease");
        self.shop.write("plimsoll.toml", &manifest.replace(former, &format!("lease = {lease:?}")));
        next
    }

    /// Deploys the next version, which has to go well.
    #[track_caller]
    pub fn deploy(&mut self) {
        let next = self.turn("30s");
        let ended = self.run("deploy").ended(0);
        assert_eq!(ended.detail("/deployment/outcome"), "committed", "{}", ended.stdout);
        self.serves(next);
    }

    /// Runs a command for the shop.
    pub fn run(&self, command: &str) -> Ran {
        self.home.json(self.shop.folder(), [command, "local"])
    }

    /// All who work in the home.
    pub fn crew(&self) -> Vec<Member> {
        Crew::of(&self.home).members()
    }

    /// The newest deployment on record.
    #[track_caller]
    pub fn last(&self) -> Record {
        let last = self.run("history").ended(0).detail("/deployments/0");
        let text = |name: &str| last[name].as_str().expect("a record has a name and an outcome").to_owned();
        Record { id: text("id"), outcome: text("outcome") }
    }

    /// What `status` tells.
    pub fn status(&self) -> Value {
        self.run("status").detail("")
    }

    /// What answers on each route: the version that it belongs to.
    pub fn answers(&self) -> Vec<Result<String, String>> {
        let ports = [(self.shop.backend, "/version"), (self.shop.admin, "/version.txt"), (self.shop.website, "/version.txt")];
        ports.iter().map(|(port, path)| crate::ask::body(*port, path)).collect()
    }

    /// The folder of the environment.
    pub fn environment(&self) -> PathBuf {
        self.home.path().join("environments/shop/local")
    }

    /// Requests to all routes, reads and writes, on kept-alive and fresh connections.
    pub fn probe(&self) -> Probe {
        let site = |port: u16| format!("http://127.0.0.1:{port}/");
        let order = || Target::post("order", &self.shop.url("/api/orders"), Body::Whole("{\"product\": 1}".into())).contains("number");
        let targets = vec![
            Target::get("backend", &self.shop.url("/api/products")).contains("compass"),
            Target::get("admin, fresh", &site(self.shop.admin)).contains("<html").fresh(),
            order(),
            Target::get("website", &site(self.shop.website)).contains("<html"),
            Target::get("backend, fresh", &self.shop.url("/api/slow?ms=20")).contains("steady").fresh(),
            Target::get("admin", &site(self.shop.admin)).contains("<html"),
            Target { name: "order, fresh".into(), ..order().fresh() },
            Target::get("website, fresh", &site(self.shop.website)).contains("<html").fresh(),
        ];
        Probe::start(targets, RATE)
    }
}

impl Stage for Scene {
    type Attempt = Attempt;

    fn gate(&self) -> &Gate {
        &self.gate
    }

    fn home(&self) -> &Home {
        &self.home
    }

    fn slot(&self) -> String {
        slot_in(&self.environment())
    }

    fn folder(&self) -> &Path {
        self.shop.folder()
    }

    fn begin(&mut self) -> Attempt {
        Attempt::new(self)
    }

    fn finish(&mut self, attempt: Attempt, ended: Option<&Ran>, tolls: &[Toll], of: &str) -> Outcome {
        attempt.finish(self, ended, tolls, of)
    }
}

/// The only slot there is in the folder of an environment.
#[track_caller]
pub fn slot_in(environment: &Path) -> String {
    let slots: Vec<_> = environment.join("slots").read_dir().expect("slots have a folder").flatten().collect();
    assert_eq!(slots.len(), 1, "{slots:?}");
    slots[0].file_name().into_string().expect("slots have plain names")
}
