//! The example shop, deployed to test hosts.

use plimsoll_testkit::fixtures::{Ran, Shop};
use plimsoll_testkit::probe::Target;

use crate::ask::get;
use crate::crew::{Crew, address, port};
use crate::project::Traffic;

/// The shop, with routes on ports that the hosts let through.
pub struct Store<'a> {
    crew: &'a Crew,
    shop: Shop,
    /// Of the backend, the administration and the website.
    ports: [u16; 3],
    hosts: &'a [&'static str],
}

impl<'a> Store<'a> {
    /// On all hosts of a crew, as the environment `production`.
    pub fn new(crew: &'a Crew, hosts: &'a [&'static str]) -> Self {
        let shop = Shop::new();
        let ports = [port(), port(), port()];
        for (own, let_through) in [shop.backend, shop.admin, shop.website].into_iter().zip(ports) {
            shop.edit("plimsoll.toml", &format!("port = {own}"), &format!("port = {let_through}"));
        }
        let manifest = shop.read("plimsoll.toml");
        let production = format!("\n[environments.production]\nhosts = {:?}\nconfirm = false\nwork_tree = true\n", crew.logins());
        shop.write("plimsoll.toml", &(manifest + &production));
        Self { crew, shop, ports, hosts }
    }

    /// Makes the next release of the backend say that it is this version.
    pub fn set_version(&self, version: &str) {
        self.shop.set_version(version);
    }

    /// Makes the next release of the backend end at once.
    pub fn spoil(&self) {
        self.shop.edit("plimsoll.toml", "run = \"./backend\"", "run = \"exit 3\"");
    }

    /// Runs a command on the environment, with what stands behind it.
    #[track_caller]
    pub fn run(&self, command: &str, more: &[&str]) -> Ran {
        let folder = self.shop.folder().to_string_lossy();
        self.crew.run(["-C", &folder, command, "production"].into_iter().chain(more.iter().copied()))
    }

    /// The backend of each host is this version.
    #[track_caller]
    pub fn assert_serves(&self, version: &str) {
        for host in self.hosts {
            let told = get(&self.url(host, 0, "/version"));
            assert!(told.contains(version), "{host}: {told}");
        }
    }

    /// Requests to every component on every host.
    pub fn traffic(&self) -> Traffic {
        let targets = self.hosts.iter().flat_map(|host| {
            let backend = self.url(host, 0, "/version");
            let sites = [1, 2].map(|site| self.url(host, site, "/")).into_iter().map(|url| Target::get(&url, &url).contains("<html"));
            let fresh = Target::get(format!("backend of {host}, fresh"), &backend).contains("v").fresh();
            sites.chain([fresh, Target::get(format!("backend of {host}"), &backend).contains("v")])
        });
        Traffic::at(targets.collect())
    }

    fn url(&self, host: &str, component: usize, path: &str) -> String {
        format!("http://{}:{}{path}", address(host), self.ports[component])
    }
}
