//! The shop on test hosts.

use plimsoll_testkit::fixtures::{Ran, Shop};
use plimsoll_testkit::probe::Target;

use crate::ask::get;
use crate::crew::{Crew, address, port, ran};
use crate::project::Traffic;
use crate::running::Running;

/// A copy of the example shop, deployed to the hosts of a crew.
pub struct Store {
    /// Who deploys it.
    pub crew: Crew,
    /// Its source.
    pub shop: Shop,
    hosts: Vec<&'static str>,
    /// Ports of the API and of the two sites.
    ports: [u16; 3],
}

impl Store {
    /// Its environment is called `production`; `hosts` is how the manifest names its hosts, of which it is given the logins.
    pub fn new(hosts: &[&'static str], named: impl Fn(&[String]) -> String) -> Self {
        let (crew, shop, ports) = (Crew::new(hosts), Shop::new(), [port(), port(), port()]);
        for (own, let_through) in [shop.backend, shop.admin, shop.website].into_iter().zip(ports) {
            shop.edit("plimsoll.toml", &format!("port = {own}"), &format!("port = {let_through}"));
        }
        let production = format!("\n[environments.production]\nhosts = {}\nconfirm = false\nwork_tree = true\n", named(&crew.logins()));
        shop.write("plimsoll.toml", &(shop.read("plimsoll.toml") + &production));
        Self { crew, shop, hosts: hosts.to_vec(), ports }
    }

    /// Runs a command with the values of secrets.
    #[track_caller]
    pub fn run(&self, args: &[&str], secrets: &[(&str, &str)]) -> Ran {
        let folder = self.shop.folder().to_string_lossy();
        let mut command = self.crew.command(["-C", &folder].into_iter().chain(args.iter().copied()));
        ran(command.arg("--json").envs(secrets.iter().copied()))
    }

    /// Begins a deployment that tells its events.
    pub fn begin_deploy(&self, secrets: &[(&str, &str)]) -> Running {
        let folder = self.shop.folder().to_string_lossy();
        let mut command = self.crew.command(["-C", &folder, "deploy", "production", "--events"]);
        command.envs(secrets.iter().copied());
        Running::start(command)
    }

    /// The version of the API that a host serves.
    pub fn version(&self, host: &str) -> String {
        get(&self.backend(host))
    }

    /// Each of its hosts serves this version of the API.
    #[track_caller]
    pub fn assert_serves(&self, version: &str) {
        self.hosts.iter().for_each(|host| assert!(self.version(host).contains(version), "{host}: {}", self.version(host)));
    }

    /// Requests to all components on all hosts.
    pub fn traffic(&self) -> Traffic {
        let sites = self.hosts.iter().flat_map(|host| self.ports[1..].iter().map(move |port| format!("http://{}:{port}/", address(host))));
        let mut targets: Vec<Target> = sites.map(|url| Target::get(&url, &url).contains("<html")).collect();
        targets.extend(self.hosts.iter().map(|host| Target::get(*host, &self.backend(host)).contains("v").fresh()));
        Traffic::at(targets)
    }

    fn backend(&self, host: &str) -> String {
        format!("http://{}:{}/version", address(host), self.ports[0])
    }
}
