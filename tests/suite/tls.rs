//! HTTPS with certificates from files: shown, renewed, rolled back, and the private key seen nowhere.

pub mod authority;
pub mod visitor;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use plimsoll_testkit::fixtures::{Home, Nginx, Ran, free_port};

use self::authority::{Authority, Issued};
use self::visitor::{Visitor, Visitors};
use crate::outside::{Outside, READER, typed};
use crate::project::Project;

/// Two services that share a port: `web` with the certificate of the environment, whose key is a secret, and `api` with one of its own.
struct Scene {
    project: Project,
    authority: Authority,
    api: Issued,
    port: u16,
    plain: u16,
}

impl Scene {
    fn new() -> Self {
        Self::in_home(Home::new())
    }

    fn in_home(home: Home) -> Self {
        let (project, authority) = (Project::in_home(home, &[("web", ""), ("api", "")]), Authority::new());
        let (port, plain, api) = (free_port(), free_port(), authority.issue("api.example"));
        let route = |component: &str| format!("route = {{ port = {} }}", project.url(component, "").rsplit(':').next().expect("it has a port"));
        project.edit(&route("web"), &format!("route = {{ host = \"shop.example\", port = {port} }}"));
        let own = "{ certificate = \"api.pem\", key = \"api.key\", redirect_from = false, hsts = \"0s\" }";
        project.edit(&route("api"), &format!("route = {{ host = \"api.example\", port = {port}, tls = {own} }}"));
        project.append(&format!("tls = {{ certificate = \"shop.pem\", key = {{ secret = \"TLS_KEY\" }}, redirect_from = {plain} }}\n"));
        project.write("api.pem", &api.chain);
        project.write("api.key", &api.key);
        fs::set_permissions(project.folder().join("api.key"), fs::Permissions::from_mode(0o600)).expect("it is ours");
        Self { project, authority, api, port, plain }
    }

    /// Runs the binary with `shop` as the certificate of the environment; asserts that nothing it prints has a key.
    #[track_caller]
    fn run(&self, args: &[&str], shop: &Issued, code: i32) -> Ran {
        self.project.write("shop.pem", &shop.chain);
        let mut command = self.project.home.command(["-C"]);
        let output = command.arg(self.project.folder()).args(args).arg("--json").env("TLS_KEY", &shop.key).output().expect("it can be started");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it is text");
        let ran = Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        let told = ran.stdout.clone() + &ran.stderr;
        assert!(!shop.key_is_in(&told) && !self.api.key_is_in(&told), "{args:?} shows a private key");
        ran.ended(code)
    }

    /// What a client of the authority is shown when it names `host`, with the answer to a GET.
    fn visit(&self, host: &str) -> (Vec<u8>, String) {
        let mut visitor = Visitor::connect(self.port, host, &self.authority.client()).unwrap_or_else(|error| panic!("{host}: {error}"));
        let (head, body) = visitor.get().unwrap_or_else(|error| panic!("{host}: {error}"));
        (visitor.shown().to_vec(), head + &body)
    }

    /// The answer to a GET of `shop.example` without TLS.
    fn plainly(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.plain)).expect("the port is open");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n").expect("it is read");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it is answered");
        answer.to_ascii_lowercase()
    }

    /// Asserts that both hosts show what is theirs, and that plain HTTP is sent on.
    fn assert_shown(&self, shop: &Issued) {
        for (host, shown, hsts) in [("shop.example", shop, "max-age=15552000"), ("api.example", &self.api, "max-age=0")] {
            let (der, answer) = self.visit(host);
            assert!(der == shown.der && answer.starts_with("http/1.1 200") && answer.contains("version 1"), "{host}: {answer}");
            assert!(answer.contains(&format!("strict-transport-security: {hsts}\r\n")), "{host}: {answer}");
        }
        assert!(Visitor::connect(self.port, "other.example", &self.authority.client()).is_err());
        let answer = self.plainly("/a?b=c");
        let location = format!("location: https://shop.example:{}/a?b=c\r\n", self.port);
        assert!(answer.starts_with("http/1.1 308") && answer.contains(&location), "{answer}");
    }
}

/// All files below `folder`, however deep.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() && !path.is_symlink() { files(&path) } else { vec![path] }).collect()
}

/// The private key in the environment's file, encrypted, and nowhere where plimsoll is called.
#[test]
fn a_private_key_comes_from_the_environments_file() {
    let scene = Scene::new();
    let (shop, outside) = (scene.authority.issue("shop.example"), Outside::new(""));
    scene.project.write("shop.pem", &shop.chain);
    scene.project.append(&format!("[secrets]\nrecipients = [\"{READER}\"]\n"));
    let run = |args: &[&str], input: &str| {
        let output = typed(outside.command(&scene.project).args(args).arg("--json"), input);
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !shop.key_is_in(&told), "{args:?} fails, or shows a private key");
    };
    run(&["secrets", "set", "local", "TLS_KEY"], &shop.key);
    run(&["certs", "check", "local"], "");
    run(&["deploy", "local"], "");
    assert!(scene.visit("shop.example").0 == shop.der);
    for file in files(scene.project.folder()) {
        assert!(!shop.key_is_in(&String::from_utf8_lossy(&fs::read(&file).unwrap_or_default())), "{} has the key", file.display());
    }
}

#[test]
fn each_host_shows_its_certificate_and_plain_http_is_sent_on() {
    let scene = Scene::new();
    let shop = scene.authority.issue("shop.example");
    scene.run(&["deploy", "local"], &shop, 0);
    scene.assert_shown(&shop);
}

#[test]
fn a_renewed_certificate_costs_no_request_and_is_rolled_back() {
    let scene = Scene::new();
    let [first, second] = ["shop.example"; 2].map(|host| scene.authority.issue(host));
    scene.run(&["deploy", "local"], &first, 0);
    let programs = scene.project.programs();
    let visitors = Visitors::start(scene.port, "shop.example", &scene.authority.client());
    visitors.flow();

    assert_eq!(scene.run(&["plan", "local"], &first, 0).detail("/plan/empty"), true);
    assert_eq!(scene.run(&["plan", "local"], &second, 0).detail("/plan/changes/web"), "certificate");
    scene.run(&["deploy", "local"], &second, 0);
    assert!(scene.visit("shop.example").0 == second.der && scene.visit("api.example").0 == scene.api.der);
    visitors.flow();
    scene.run(&["rollback", "local", "--last"], &second, 0);
    assert!(scene.visit("shop.example").0 == first.der, "the host has kept it, with its key");
    visitors.assert_unharmed();
    assert_eq!(scene.project.programs(), programs, "nothing was started anew");

    for words in [&["certs", "list", "local"][..], &["status", "local"], &["history", "local"], &["logs", "local"], &["audit", "list", "local"]] {
        scene.run(words, &second, 0);
    }
    assert_eq!(keepers(&scene, &[&first, &second, &scene.api]), 3);
}

#[test]
fn components_that_share_a_host_get_a_new_certificate_one_after_the_other() {
    let (project, authority, port) = (Project::of(&[("api", ""), ("web", "depends_on = [\"api\"]")]), Authority::new(), free_port());
    for (component, more) in [("api", ", path = \"/api\", strip_prefix = true"), ("web", "")] {
        let plain = format!("route = {{ port = {} }}", project.url(component, "").rsplit(':').next().expect("it has a port"));
        project.edit(&plain, &format!("route = {{ host = \"shop.example\", port = {port}{more} }}"));
    }
    project.append("tls = { certificate = \"shop.pem\", key = \"shop.key\", redirect_from = false }\n");
    for _ in 0..2 {
        let issued = authority.issue("shop.example");
        project.write("shop.pem", &issued.chain);
        project.write("shop.key", &issued.key);
        project.deploy();
        let visitor = Visitor::connect(port, "shop.example", &authority.client()).expect("hands are shaken");
        assert!(visitor.shown() == issued.der);
    }
}

/// In how many files of the host any of these keys is. Asserts that nobody else reads them.
fn keepers(scene: &Scene, issued: &[&Issued]) -> usize {
    let home = scene.project.home.path();
    let has_key = |file: &PathBuf| fs::read(file).is_ok_and(|bytes| issued.iter().any(|issued| issued.key_is_in(&String::from_utf8_lossy(&bytes))));
    let holders: Vec<PathBuf> = files(home).into_iter().filter(has_key).collect();
    for holder in &holders {
        assert!(holder.starts_with(home.join("environments/tiny/local/certificates")), "{}", holder.display());
        assert_eq!(fs::metadata(holder).expect("it is there").permissions().mode() & 0o777, 0o600);
    }
    holders.len()
}

#[test]
fn a_certificate_that_clients_would_refuse_changes_nothing() {
    let scene = Scene::new();
    let good = scene.authority.issue("shop.example");
    scene.run(&["deploy", "local"], &good, 0);
    let (standing, history) = (scene.project.standing(), scene.project.history());
    let other = scene.authority.issue("shop.example");
    for (issued, code) in [
        (scene.authority.issue_for("shop.example", (2000, 2001)), "certificate-expired"),
        (scene.authority.issue_for("shop.example", (2090, 2091)), "certificate-not-yet-valid"),
        (scene.authority.issue("other.example"), "host-not-covered"),
        (Issued { chain: other.chain, ..scene.authority.issue("shop.example") }, "key-mismatch"),
    ] {
        for args in [&["certs", "check", "local"][..], &["plan", "local"], &["deploy", "local"]] {
            let told = scene.run(args, &issued, 3).document();
            let finding = &told["details"]["findings"][0];
            assert_eq!(
                (&told["code"], &finding["code"], &finding["place"]["file"]),
                (&code.into(), &code.into(), &"plimsoll.toml".into()),
                "{args:?}"
            );
            assert!(finding["message"].as_str().is_some_and(|message| message.contains("shop.pem")), "{finding}");
        }
    }
    assert!(scene.visit("shop.example").0 == good.der);
    assert_eq!((scene.project.standing(), scene.project.history()), (standing, history));
    let judged = scene.run(&["certs", "check", "local"], &good, 0);
    assert_eq!(judged.detail("/findings"), serde_json::json!([]));
}

#[test]
fn behind_nginx_it_is_the_same() {
    let (nginx, home) = (Nginx::new(), Home::new());
    fs::write(home.path().join("host.toml"), nginx.policy()).expect("the home takes a file");
    let scene = Scene::in_home(home);
    let [first, second] = ["shop.example"; 2].map(|host| scene.authority.issue(host));
    scene.run(&["deploy", "local"], &first, 0);
    scene.assert_shown(&first);
    let spoken = Visitor::negotiate(scene.port, "shop.example", &scene.authority.client());
    assert_eq!(spoken.expect("hands are shaken"), (Some(b"h2".to_vec()), Some(rustls::ProtocolVersion::TLSv1_3)));

    let before = nginx.files();
    let visitors = Visitors::fresh(scene.port, "shop.example", &scene.authority.client());
    visitors.flow();
    scene.run(&["deploy", "local"], &second, 0);
    assert!(scene.visit("shop.example").0 == second.der && scene.visit("api.example").0 == scene.api.der);
    visitors.flow();
    scene.run(&["rollback", "local", "--last"], &second, 0);
    assert!(scene.visit("shop.example").0 == first.der, "the host has kept it, with its key");
    assert_eq!(nginx.files(), before);
    visitors.assert_unharmed();
    assert_eq!(keepers(&scene, &[&first, &second, &scene.api]), 3);
}

#[test]
fn a_certificate_that_nginx_refuses_leaves_the_same_configuration() {
    let (nginx, home) = (Nginx::new(), Home::new());
    fs::write(home.path().join("host.toml"), nginx.policy()).expect("the home takes a file");
    let scene = Scene::in_home(home);
    let [first, second] = ["shop.example"; 2].map(|host| scene.authority.issue(host));
    scene.run(&["deploy", "local"], &first, 0);
    let before = nginx.files();
    fs::write(nginx.included().join("broken.conf"), "nonsense on;\n").expect("the folder takes a file");
    assert_eq!(scene.run(&["deploy", "local"], &second, 1).document()["code"], "nginx-refused");
    fs::remove_file(nginx.included().join("broken.conf")).expect("it is there");
    assert_eq!(nginx.files(), before);
    scene.assert_shown(&first);
}

#[test]
fn nginx_speaks_one_protocol_on_a_port() {
    let (nginx, home) = (Nginx::new(), Home::new());
    fs::write(home.path().join("host.toml"), nginx.policy()).expect("the home takes a file");
    let scene = Scene::in_home(home);
    let (shop, before) = (scene.authority.issue("shop.example"), nginx.files());

    let own = |port: u16, from: &str| format!("port = {port}, tls = {{ certificate = \"api.pem\", key = \"api.key\", redirect_from = {from}");
    scene.project.edit(&own(scene.port, "false"), &own(free_port(), &scene.port.to_string()));
    for args in [["plan", "local"], ["deploy", "local"]] {
        assert_eq!(scene.run(&args, &shop, 3).document()["code"], "tls-mixed-port", "{args:?}");
    }
    assert_eq!((nginx.files(), scene.project.history()), (before, vec![]));
}
