//! HTTPS with certificates from an authority: the first one while a deployment prepares, the next ones by the host itself, and what happens
//! when the authority does not do as it should.

mod office;
mod wire;

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_testkit::fixtures::{Home, Nginx, Process, free_port};

use self::office::Office;
use crate::ask::until;
use crate::project::Project;
use crate::tls::visitor::{Visitor, Visitors};

const HOST: &str = "shop.example";

/// A service at a host name, which is to have its certificate from `office`.
struct Scene {
    project: Project,
    office: Arc<Office>,
    port: u16,
    plain: u16,
}

impl Scene {
    fn new() -> Self {
        Self::in_home(Home::new())
    }

    fn in_home(home: Home) -> Self {
        let (project, port, plain) = (Project::in_home(home, &[("web", "")]), free_port(), free_port());
        let office = Office::open(free_port(), plain);
        let route = format!("route = {{ port = {} }}", project.url("web", "").rsplit(':').next().expect("it has a port"));
        project.edit(&route, &format!("route = {{ host = \"{HOST}\", port = {port} }}"));
        project.write("authority.pem", &office.authority.pem());
        project.append(&format!("tls = {{ {}, redirect_from = {plain} }}\n", office.wish("authority.pem")));
        Self { project, office, port, plain }
    }

    /// The certificate that is shown by now.
    fn shown(&self) -> Vec<u8> {
        let mut visitor = Visitor::connect(self.port, HOST, &self.office.authority.client()).unwrap_or_else(|error| panic!("{error}"));
        let (head, body) = visitor.get().unwrap_or_else(|error| panic!("{error}"));
        assert!(head.starts_with("http/1.1 200") && body.contains("version"), "{head}{body}");
        visitor.shown().to_vec()
    }

    /// The row of `certs list`.
    fn listed(&self) -> serde_json::Value {
        self.project.run(["certs", "list", "local"]).ended(0).detail("/certificates/0")
    }

    /// A first deployment that fails with `code` and leaves nothing behind. Answers what it was told.
    fn assert_refused(&self, code: &str) -> String {
        let refused = self.project.run(["deploy", "local"]).ended(1);
        assert_eq!(refused.document()["code"], code, "{}", refused.stdout);
        assert_eq!(refused.detail("/deployment/outcome"), "rolled_back");
        assert!(refused.document()["help"].is_string(), "{}", refused.stdout);
        assert!(self.project.programs().is_empty() && !self.project.home.path().join("proofs").exists());
        for port in [self.port, self.plain] {
            assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{port} is still open");
        }
        refused.stdout
    }
}

/// All files below `folder` that hold a private key, with their modes.
fn keys(folder: &Path) -> Vec<(PathBuf, u32)> {
    let entries: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let has_key = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.contains("PRIVATE KEY") || text.contains("key_pkcs8"));
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let below = entries.iter().filter(|path| path.is_dir() && !path.is_symlink()).flat_map(|path| keys(path));
    below.chain(entries.iter().filter(|path| path.is_file() && has_key(path)).map(|path| (path.clone(), mode(path)))).collect()
}

#[test]
fn a_certificate_is_issued_and_renewed_by_itself_without_a_lost_request() {
    let scene = Scene::new();
    scene.office.lasting(Duration::from_secs(12));
    let plan = scene.project.run(["plan", "local"]).ended(0);
    assert!(plan.stdout.contains("\"enrol\"") && scene.office.orders() == 0, "who plans asks nobody: {}", plan.stdout);
    scene.project.deploy();
    scene.office.await_one();
    let (first, programs) = (scene.shown(), scene.project.programs());
    assert_eq!(scene.project.run(["plan", "local"]).ended(0).detail("/plan/empty"), true);
    let row = scene.listed();
    assert_eq!((&row["authority"], &row["failed"]), (&scene.office.url("directory").into(), &serde_json::Value::Null));

    let visitors = Visitors::start(scene.port, HOST, &scene.office.authority.client());
    visitors.flow();
    scene.office.lasting(Duration::from_secs(90 * 86_400));
    scene.office.await_one();
    until(false, || scene.shown() == first);
    visitors.flow();
    visitors.assert_unharmed();
    assert_eq!((scene.project.programs(), scene.office.orders()), (programs, 2), "nothing was started anew");
    let told = scene.project.run(["audit", "list", "local"]).ended(0).stdout;
    assert!(told.contains("certificate_renewal"), "{told}");
    let keys = keys(scene.project.home.path());
    assert!(keys.len() == 3 && keys.iter().all(|(_, mode)| *mode == 0o600), "{keys:?}");
}

#[test]
fn a_certificate_is_renewed_on_demand() {
    let scene = Scene::new();
    scene.project.deploy();
    let first = scene.shown();
    let told = scene.project.run(["certs", "renew", "local"]).ended(0);
    assert_eq!((told.detail("/certificates/0/enrolment/host"), scene.office.orders()), (HOST.into(), 1), "it is not due");
    let visitors = Visitors::start(scene.port, HOST, &scene.office.authority.client());
    visitors.flow();
    let _ = scene.project.run(["certs", "renew", "local", "--force"]).ended(0);
    assert!(scene.shown() != first && scene.office.orders() == 2);
    visitors.flow();
    visitors.assert_unharmed();
    // A rollback, and a daemon that begins anew, go on with it.
    let second = scene.shown();
    scene.project.home.processes("host serve").iter().for_each(Process::kill);
    scene.project.service("web", "2");
    scene.project.deploy();
    let _ = scene.project.run(["rollback", "local"]).ended(0);
    assert!(scene.shown() == second && scene.office.orders() == 2);
}

#[test]
fn an_authority_that_is_down_keeps_a_first_deployment_from_beginning_and_harms_none_that_serves() {
    let scene = Scene::new();
    let up = format!("localhost:{}/", scene.office.port);
    let down = format!("localhost:{}/", free_port());
    scene.project.edit(&up, &down);
    let told = scene.assert_refused("acme-unreachable");
    assert!(told.contains("connection"), "{told}");
    scene.project.edit(&down, &up);
    scene.project.deploy();
    let first = scene.shown();

    scene.office.refuse("serverInternal", "the vault is flooded", None);
    let told = scene.project.run(["certs", "renew", "local", "--force"]).ended(1);
    assert_eq!(told.document()["code"], "acme-refused");
    assert!(scene.shown() == first);
    let row = scene.listed();
    assert!(row["failed"]["failure"]["message"].as_str().is_some_and(|why| why.contains("the vault is flooded")), "{row}");
    let status = scene.project.run(["status", "local"]).ended(0);
    assert!(status.detail("/components/0/certificate_trouble").as_str().is_some_and(|why| why.contains("the vault is flooded")));
    assert_eq!(status.detail("/healthy"), true);
    scene.office.relent();
    let _ = scene.project.run(["certs", "renew", "local", "--force"]).ended(0);
    assert!(scene.shown() != first && scene.listed()["failed"].is_null());
}

#[test]
fn an_authority_that_refuses_is_quoted_and_left_alone_as_long_as_it_wants() {
    let scene = Scene::new();
    scene.office.refuse("rejectedIdentifier", "policy forbids that name", None);
    let told = scene.assert_refused("acme-refused");
    assert!(told.contains("policy forbids that name (rejectedIdentifier)"), "{told}");
    scene.office.refuse("rateLimited", "too many certificates", Some(3_600));
    let told = scene.assert_refused("acme-limited");
    assert!(told.contains("too many certificates"), "{told}");
    scene.office.relent();
    let told = scene.assert_refused("acme-limited");
    assert!(told.contains("wants to be left alone") && scene.office.orders() == 2, "{told}");
}

#[test]
fn a_proof_that_is_not_found_leaves_everything_as_it_was() {
    let scene = Scene::new();
    scene.office.look_at(free_port());
    let told = scene.assert_refused("acme-unproven");
    assert!(told.contains("shop.example: Connection refused") && told.contains("(connection)"), "{told}");
    scene.office.look_at(scene.plain);
    scene.project.deploy();
    let _ = scene.shown();
}

#[test]
fn a_daemon_that_is_killed_while_it_asks_asks_again() {
    let scene = Scene::new();
    scene.office.hold();
    scene.project.lease("2s");
    let mut deploying = scene.project.begin("deploy");
    scene.office.await_one();
    scene.project.home.processes("host serve").iter().for_each(Process::kill);
    deploying.kill();
    scene.office.go_on();
    until(serde_json::Value::Null, || scene.project.run(["status", "local"]).ended(0).detail("/open"));
    assert!(scene.project.programs().is_empty() && TcpStream::connect(("127.0.0.1", scene.port)).is_err());
    scene.project.lease("30s");
    scene.project.deploy();
    let _ = scene.shown();
    assert!(TcpStream::connect(("127.0.0.1", scene.plain)).is_ok() && !scene.project.home.path().join("proofs").exists());
}

#[test]
fn behind_nginx_it_is_the_same() {
    let (nginx, home) = (Nginx::new(), Home::new());
    fs::write(home.path().join("host.toml"), nginx.policy()).expect("the home takes a file");
    let scene = Scene::in_home(home);
    scene.project.deploy();
    let first = scene.shown();
    let visitors = Visitors::fresh(scene.port, HOST, &scene.office.authority.client());
    visitors.flow();
    let _ = scene.project.run(["certs", "renew", "local", "--force"]).ended(0);
    assert!(scene.shown() != first && scene.office.orders() == 2);
    visitors.assert_unharmed();
    assert_eq!(fs::read_dir(nginx.path("sites")).expect("it is there").count(), 0, "the proof is gone");
}
