//! Everything that can be wrong, with what is said about it and where.

use super::{mistakes, mistakes_in_web};

#[test]
fn text_that_is_no_toml() {
    insta::assert_snapshot!(mistakes(r#"name = "shop
[components.web]
run = ./x"#), @r#"
    1:13+0 syntax: this is not TOML: invalid basic string, expected `"` | a string starts and ends with '"' on one line; inside, a backslash is written as \\
    3:7+0 syntax: this is not TOML: invalid mantissa, expected digits | put text in quotes, such as run = "./backend"
    "#);
    insta::assert_snapshot!(mistakes(r#"name = "shop"
name = "shop"
[components.web]
run = "x""#), @"2:1+4 syntax: this is not TOML: duplicate key | keep one of the two");
    insta::assert_snapshot!(mistakes(r#"name = "shop"
[components.web
run = "x"
health = """"#), @"2:16+0 syntax: this is not TOML: unclosed table, expected `]` | write lines of the form `key = value` below headers such as `[components.web]`");
    insta::assert_snapshot!(mistakes(r"name = 'é' ; x
a = ["), @r"
    1:12+0 syntax: this is not TOML: unexpected key or value, expected newline, `#` | write lines of the form `key = value` below headers such as `[components.web]`
    2:6+0 syntax: this is not TOML: unclosed array, expected `]` | write lines of the form `key = value` below headers such as `[components.web]`
    ");
    insta::assert_snapshot!(mistakes(""), @r#"
    1:1+0 missing-key: `name` is missing in the manifest | write `name = "shop"`
    1:1+0 missing-key: `components` is missing in the manifest | write `components = { web = { run = "./web" } }`
    "#);
}

#[test]
fn keys() {
    insta::assert_snapshot!(mistakes(r#"[components.web]
run = "x"
rom = 5
[component.web]"#), @r#"
    1:1+0 missing-key: `name` is missing in the manifest | write `name = "shop"`
    3:1+3 unknown-key: unknown key `rom` in `components.web` | what may stand here: `path`, `sources`, `build`, `test`, `run`, `site`, `spa`, `health`, `route`, `env`, `secrets`, `depends_on`, `shared`, `user`, `limits`, `start_timeout`, `drain_timeout`, `strategy`, `max_unavailable`, `on`
    4:2+9 unknown-key: unknown key `component` in the manifest | did you mean `components`? what may stand here: `name`, `version`, `components`, `environments`, `hooks`, `secrets`, `databases`
    "#);
    insta::assert_snapshot!(mistakes(r#"name = "shop"
[components.web]
run = "x"
hosts = ["a"]
route = { spa = true }"#), @r"
    4:1+5 unknown-key: unknown key `hosts` in `components.web` | `hosts` is a key of `environment`; what may stand here: `path`, `sources`, `build`, `test`, `run`, `site`, `spa`, `health`, `route`, `env`, `secrets`, `depends_on`, `shared`, `user`, `limits`, `start_timeout`, `drain_timeout`, `strategy`, `max_unavailable`, `on`
    5:11+3 unknown-key: unknown key `spa` in `components.web.route` | `spa` is a key of `component`; what may stand here: `port`, `host`, `path`, `strip_prefix`, `public_status`, `timeout`, `tls`
    ");
    insta::assert_snapshot!(mistakes(r#"name = "shop"
[components]"#), @"2:2+10 no-components: the project has no components | write `[components.web]` and what it runs");
    insta::assert_snapshot!(mistakes(r#"name = "shop"
components.web = { build = { output = ["x"] }, run = "x" }"#), @r#"2:28+18 missing-key: `command` is missing in `components.web.build` | write `command = "npm ci && npm run build"`"#);
    insta::assert_snapshot!(mistakes(r#"name = "shop"
[[components.web]]
run = "x""#), @r#"2:1+18 wrong-type: expected a table, found a list | write `components = { web = { run = "./web" } }`"#);
}

#[test]
fn names() {
    insta::assert_snapshot!(mistakes(r#"name = "../x"
[components."a b"]
run = "x"
[components."\u001b[31m"]
run = "x"
[environments.Dev]
hosts = ["x"]"#), @r"
    1:8+6 bad-name: `../x` is not a name: a name is made of a-z, 0-9 and '-', and starts and ends with a letter or digit | write `x`
    2:13+5 bad-name: `a b` is not a name: a name is made of a-z, 0-9 and '-', and starts and ends with a letter or digit | write `a-b`
    4:13+12 bad-name: `\u{1b}[31m` is not a name: a name is made of a-z, 0-9 and '-', and starts and ends with a letter or digit | write `31m`
    6:15+3 bad-name: `Dev` is not a name: a name is made of a-z, 0-9 and '-', and starts and ends with a letter or digit | write `dev`
    ");
    let long = "n".repeat(300);
    insta::assert_snapshot!(mistakes(&format!("name = \"{long}\"\ncomponents.web.run = \"x\"")), @"1:8+302 bad-name: `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…` is not a name: a name has at most 40 characters, this one has 300 | write `nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn`");
}

#[test]
fn environments() {
    insta::assert_snapshot!(mistakes(r#"name = "shop"
components.web.run = "x"
[environments.dev]
[environments.local]
hosts = ["a", "-oProxyCommand=x"]
[environments.qa]
hosts = ["a", "b", "a"]"#), @r#"
    3:15+3 no-hosts: environment `dev` has no hosts | write `hosts = ["deploy@dev.shop.example"]`, as after `ssh`; `hosts = ["local"]` is this machine
    5:1+5 local-has-hosts: `local` is this machine, and has no other hosts | remove `hosts`, or give the environment another name
    5:15+18 bad-host: `-oProxyCommand=x` is not a host | write it as after `ssh`, such as "deploy@dev.shop.example"
    7:20+3 duplicate-host: host `a` stands here twice | keep one of the two
    "#);
    insta::assert_snapshot!(mistakes(r#"name = "shop"
components.web.run = "x"
[environments.dev]
hosts = ["a"]
lease = "999ms"
keep_releases = 1
branch = "a b"
confirm = "yes"
requires = { backup = "yes", approval = "agents", clean_tree = true }
approvers = []
backups = { keep = 0, max_age = "10s" }"#), @r#"
    5:9+7 bad-duration: `999ms` is too short: `lease` is at least 1s | write a whole number and a unit (ms, s, m, h, d), such as "30s"; at most "366d"
    6:17+1 bad-number: `1` is out of range | write a number from 2 to 1000
    7:10+5 bad-branch: `a b` is not a branch that git knows | write the branch's name, such as "main"
    8:11+5 wrong-type: expected `true` or `false`, found a string | write `confirm = true`
    9:23+5 wrong-type: expected `true` or `false`, found a string | write `backup = false`
    9:30+8 no-approvers: nobody can approve | write `approvers = ["ssh-ed25519 …"]` into the environment: the line that a person's ~/.ssh/id_ed25519.pub holds
    9:64+4 not-available: `clean_tree`: rules about the work tree are not available in this version of Plimsoll | remove it
    11:20+1 bad-number: `0` is out of range | write a number from 1 to 1000
    11:33+5 bad-duration: `10s` is too short: `max_age` is at least 1m | write a whole number and a unit (ms, s, m, h, d), such as "30s"; at most "366d"
    "#);
    insta::assert_snapshot!(mistakes(r#"name = "shop"
components.web.run = "x"
[environments.dev]
hosts = ["a"]
[environments.dev.components.wep]
run = "y"
[environments.dev.components.web]
path = "x"
site = "x"
biuld = "x"
env = { PORT = 1 }"#), @r"
    5:30+3 unknown-component: there is no component `wep` to override | did you mean `web`?
    8:1+4 fixed-key: `path` cannot differ between environments: what was verified in one is what another gets | write it in the component itself; `env` tells environments apart
    9:1+4 kind-change: `site` would make this component something else than its `run` does | make it a component of its own
    10:1+5 unknown-key: unknown key `biuld` in `environments.dev.components.web` | what may stand here: `run`, `site`, `spa`, `health`, `route`, `env`, `secrets`, `depends_on`, `shared`, `user`, `limits`, `start_timeout`, `drain_timeout`, `strategy`, `max_unavailable`, `on`
    11:9+4 reserved-variable: `PORT` is reserved: each slot gets the port that it must listen on in it | remove it; the port that people use is `route.port`
    ");
}

#[test]
fn dependencies() {
    insta::assert_snapshot!(mistakes(r#"name = "shop"
[components.api]
run = "x"
depends_on = ["web", "apj"]
[components.db]
run = "x"
depends_on = ["api"]
[components.self]
run = "x"
depends_on = ["self"]
[components.web]
run = "x"
depends_on = ["db"]
[components.zoo]
run = "x"
depends_on = ["web"]"#), @r"
    4:15+5 dependency-cycle: components depend on each other in a circle: api → web → db → api | remove one of these dependencies
    4:22+5 unknown-dependency: there is no component `apj` to depend on | did you mean `api`? the components are `api`, `db`, `self`, `web`, `zoo`
    10:15+6 dependency-cycle: components depend on each other in a circle: self → self | remove one of these dependencies
    ");
}

#[test]
fn routes() {
    insta::assert_snapshot!(mistakes(r#"name = "shop"
[components.a]
run = "x"
route = { host = "A.example", path = "/x/" }
[components.b]
run = "x"
route = { host = "a.example", path = "/x", port = 8080 }
[components.c]
run = "x"
route = { path = "/x" }"#), @"7:1+5 route-conflict: `a` and `b` both want the requests for port 8080, a.example, path /x | give one of them another `port`, `host` or `path`");
    insta::assert_snapshot!(mistakes(r#"name = "shop"
[components.a]
run = "x"
route = { port = 4000 }
[components.b]
run = "x"
route = { port = 4001 }
[environments.dev]
hosts = ["h"]
components.b.route = { port = 4000 }"#), @"10:14+5 route-conflict: `a` and `b` both want the requests for port 4000, any host, path / | give one of them another `port`, `host` or `path`");
}

#[test]
fn kinds() {
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
site = "y""#), @"4:1+4 two-kinds: component `web` has both `run` and `site` | keep one of them, or make it two components");
    insta::assert_snapshot!(mistakes_in_web(r#"path = "x""#), @r#"2:13+3 no-kind: component `web` says neither what to run nor what to serve | write `run = "./backend"` for a program or `site = "dist"` for static files"#);
    insta::assert_snapshot!(mistakes_in_web(r#"image = { dockerfile = "x" }
compose = "x""#), @r"
    3:9+20 not-available: `image`: container images are not available in this version of Plimsoll | use `run` for a program or `site` for static files
    4:11+3 not-available: `compose`: compose projects are not available in this version of Plimsoll | use `run` for a program or `site` for static files
    ");
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
spa = true"#), @"4:1+3 ?no-effect: `spa` has no effect on a program | remove it, or use `site`");
    insta::assert_snapshot!(mistakes_in_web(r#"site = "x""#), @r#"3:1+4 site-without-route: site `web` has no route, so nobody could see it | write `route = { host = "shop.example" }` or `route = { port = 8080 }`"#);
    insta::assert_snapshot!(mistakes_in_web(r#"site = "x"
route = {}
health = "/"
strategy = "recreate""#), @r"
    5:1+6 ?no-effect: `health` has no effect on a site | remove it, or use `run`
    6:1+8 bad-value: a site is always replaced without a gap: `recreate` is not possible | remove `strategy`
    ");
}

#[test]
fn types() {
    insta::assert_snapshot!(mistakes_in_web(r#"run = 5
sources = "x"
env = { A = [1] }
route = "x"
build = 1.5"#), @r#"
    3:7+1 wrong-type: expected a command line (a string), found an integer | write `run = "./backend"`
    4:11+3 wrong-type: expected a list, each item a path (a string), found a string | write `sources = ["shared/proto"]`
    5:13+3 wrong-type: expected a string, a number or a boolean, found a list | write `env = { LOG = "info" }`
    6:9+3 wrong-type: expected a table, found a string | write `route = { host = "api.shop.example" }`
    7:9+3 wrong-type: expected a command line (a string), or a table, found a float | write `build = { command = "cargo build --release", output = ["target/release/backend"] }`
    "#);
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
limits = { open_files = "many", memory = 512 }
start_timeout = 30
secrets = [1, "A"]"#), @r#"
    4:25+6 wrong-type: expected a whole number, found a string | write `open_files = 1024`
    4:42+3 wrong-type: expected a size such as "512MB", found an integer | write `memory = "512MB"`
    5:17+2 wrong-type: expected a duration such as "30s", found an integer | write `start_timeout = "45s"`
    6:12+1 wrong-type: expected the name of an environment variable, found an integer | write `secrets = ["DATABASE_URL"]`
    "#);
}

#[test]
fn paths() {
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
path = "../x"
sources = ["/etc", "a/../../b", "a\u0000b"]
shared = ["."]"#), @r#"
    4:8+6 path-leaves-project: `../x` must stay inside the folder that it is relative to | write a path that stays inside, without '..'
    5:12+6 path-leaves-project: `/etc` must stay inside the folder that it is relative to | write it relative, without a leading '/'
    5:20+11 path-leaves-project: `a/../../b` must stay inside the folder that it is relative to | write a path that stays inside, without '..'
    5:33+10 bad-path: `a\u{0}b` is not a path | write at most 4096 bytes, without control characters
    6:1+6 bad-path: `.` cannot be shared: it is the release itself | name folders or files in it, such as "uploads"
    "#);
}

#[test]
fn quantities() {
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
start_timeout = "5 sec"
drain_timeout = "0s"
health = { interval = "1ms", timeout = "400d" }
limits = { memory = "512", cpu = "10ms", processes = 0 }"#), @r#"
    4:17+7 bad-duration: `5 sec` is not a duration | write a whole number and a unit (ms, s, m, h, d), such as "30s"; at most "366d"
    6:23+5 bad-duration: `1ms` is too short: `interval` is at least 10ms | write a whole number and a unit (ms, s, m, h, d), such as "30s"; at most "366d"
    6:40+6 bad-duration: `400d` is not a duration | write a whole number and a unit (ms, s, m, h, d), such as "30s"; at most "366d"
    7:21+5 bad-size: `512` is not a size | write a whole number and a unit (B, KB, MB, GB, KiB, MiB, GiB), such as "512MB"
    7:34+6 bad-duration: `10ms` is too short: `cpu` is at least 1s | write a whole number and a unit (ms, s, m, h, d), such as "30s"; at most "366d"
    7:54+1 bad-number: `0` is out of range | write a number from 1 to 1073741824
    "#);
}

#[test]
fn route_values() {
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
route = { port = 0, host = "http://x", path = "api" }"#), @r#"
    4:18+1 bad-port: `0` is out of range | write a number from 1 to 65535
    4:28+10 bad-host: `http://x` is not a host name | write the host alone, such as "shop.example"; `port` and `path` are keys of their own
    4:47+5 bad-route-path: `api` is not a path prefix: it does not start with '/' | write a path such as "/api"
    "#);
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
route = { port = 65536, host = "*.x", path = "/_deploy/x" }"#), @r#"
    4:18+5 bad-port: `65536` is out of range | write a number from 1 to 65535
    4:32+5 bad-host: `*.x` is not a host name | write one full host name; a pattern is not possible, but a route without `host` takes all of them
    4:46+12 bad-route-path: `/_deploy/x` is not a path prefix: paths below /_deploy are answered by Plimsoll itself | write a path such as "/api"
    "#);
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
route = { port = -1, host = "-x.example", path = "/a/../b" }"#), @r#"
    4:18+2 bad-port: `-1` is out of range | write a number from 1 to 65535
    4:29+12 bad-host: `-x.example` is not a host name | write labels of letters, digits and '-' with dots between them, such as "shop.example"
    4:50+9 bad-route-path: `/a/../b` is not a path prefix: it has a segment '', '.' or '..' | write a path such as "/api"
    "#);
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
route = { host = "", path = "/a b" }"#), @r#"
    4:18+2 bad-host: `` is not a host name | write labels of letters, digits and '-' with dots between them, such as "shop.example"
    4:29+6 bad-route-path: `/a b` is not a path prefix: it has a space, a control character or one of ?#*\ | write a path such as "/api"
    "#);
}

#[test]
fn health() {
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
health = "health""#), @r#"4:10+8 bad-health-path: `health` is not a path that can be asked for | write a path with a leading slash, such as "/health"; `{ connect = true }` or `{ stays_up = "1s" }` ask nothing of HTTP"#);
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
health = { path = "/x", stays_up = "1s" }"#), @"4:25+8 two-questions: `path` and `stays_up` are two ways to ask for one health | keep one of `path`, `connect` and `stays_up`");
}

#[test]
fn variables() {
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
env = { PORT = 80, "A B" = 1, KEY = "a\u0000" }
secrets = ["PORT", "1A"]"#), @r#"
    4:9+4 reserved-variable: `PORT` is reserved: each slot gets the port that it must listen on in it | remove it; the port that people use is `route.port`
    4:20+5 bad-variable: `A B` is not the name of an environment variable | write letters, digits and '_', with no digit first, such as "DATABASE_URL"
    4:37+9 bad-value: a variable cannot hold a NUL character | remove it
    5:12+6 reserved-variable: `PORT` is reserved: each slot gets the port that it must listen on in it | remove it; the port that people use is `route.port`
    5:20+4 bad-variable: `1A` is not the name of an environment variable | write letters, digits and '_', with no digit first, such as "DATABASE_URL"
    "#);
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
env = { KEY = "x" }
secrets = ["KEY"]"#), @"5:12+5 secret-in-env: `KEY` is both a secret and a variable in `env` | keep it in `secrets`, and take its value out of the manifest");
}

#[test]
fn sources_of_secrets() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILsBsh9SaLXNCDRLV02j/hm1VSg19LVKkl7xL1qMZ/dF";
    let check = |keys: &str| mistakes(&format!("name = \"shop\"\ncomponents.web = {{ run = \"x\", secrets = [\"A\"] }}\n[secrets]\n{keys}\n"));
    insta::assert_snapshot!(check(&format!("recipients = [\"ada\", \"{key} ada\", \"{key}\", \"AGE-SECRET-KEY-1QQ\"]")), @"
    4:15+5 bad-recipient: this is neither an age recipient nor an SSH public key | write the line that your ~/.ssh/id_ed25519.pub or id_rsa.pub holds, or an `age1…`
    4:110+82 duplicate-recipient: this key stands here twice | keep one of the two
    4:194+20 bad-recipient: this is a private key, and must not stand in a file that others read | remove it, and make a new one if anyone has seen it; what stands here is the public key, from a file that ends with .pub
    ");
    insta::assert_snapshot!(check("recipients = [\"ecdsa-sha2-nistp256 AAAA\", \"age1xyz\"]"), @"
    4:15+26 bad-recipient: nothing can be encrypted to an SSH key of this type | write an SSH key of type ed25519 or RSA, or an `age1…`; `ssh-keygen -t ed25519` makes one
    4:43+9 bad-recipient: the key is not whole | write the line that your ~/.ssh/id_ed25519.pub or id_rsa.pub holds, or an `age1…`
    ");
    let tls = "[environments.dev]\nhosts = [\"local\"]\ntls = { certificate = \"a.pem\", key = { secret = \"T\" } }";
    insta::assert_snapshot!(check(&format!("commands = {{ A = \"x\", B = \"x\", T = \"x\" }}\ncommand = 5\n{tls}")), @r#"
    4:23+1 ?unwanted-secret: nobody wants the secret `B` | name it in the `secrets` of a component or as the `key` of a certificate, or remove it
    5:11+1 wrong-type: expected a command line (a string), found an integer | write `command = "pass show shop/$PLIMSOLL_SECRET"`
    "#);
}

#[test]
fn choices() {
    insta::assert_snapshot!(mistakes_in_web(r#"run = " "
test = "a\u0007"
user = "a b"
strategy = "blue_green""#), @r#"
    3:7+3 bad-command: the command is empty | write the command line, or leave the key out
    4:8+9 bad-command: `a\u{7}` has a control character | remove it; a line break or a tab may stay
    5:8+5 bad-user: `a b` is not the name of a user | write the name of a user of the host, such as "shop"
    6:12+12 bad-value: `blue_green` is not possible here | did you mean `blue-green`? write one of `blue-green`, `recreate`, `rolling`
    "#);
    insta::assert_snapshot!(mistakes_in_web(r#"run = "x"
strategy = "canary""#), @"4:12+8 not-available: `canary` is not available in this version of Plimsoll | write one of `blue-green`, `recreate`, `rolling`");
}

#[test]
fn outputs() {
    insta::assert_snapshot!(mistakes_in_web(r#"build = { command = "x", output = ["a/x", "b/x"] }
run = "x""#), @"3:26+6 output-clash: `a/x` and `b/x` would have one name in the release | give them different last names, or name their common folder");
    insta::assert_snapshot!(mistakes_in_web(r#"build = { command = "x", output = ["web/dist"] }
site = "web/dist"
route = {}"#), @"4:1+4 site-not-in-output: `web/dist` is not in the release, which holds `dist` | outputs land in the release under their last names: write that name in `site`");
}

#[test]
fn certificates() {
    let check = |text: String, expect: &[&str]| {
        let told = mistakes(&text);
        let codes: Vec<&str> = told.lines().filter_map(|line| line.split(": ").next()?.split(' ').nth(1)).collect();
        assert_eq!(codes, expect, "{told}");
    };
    let web = |route: &str, environment: &str| {
        format!("name = \"shop\"\n[components.web]\nrun = \"x\"\nroute = {{ {route} }}\n[environments.dev]\nhosts = [\"local\"]\n{environment}\n")
    };
    let good = "certificate = \"a.pem\", key = \"a.key\"";
    check(web(&format!("tls = {{ {good} }}"), ""), &[]);
    check(web("tls = { certificate = \"\", key = 5 }", ""), &["bad-path", "wrong-type"]);
    check(web("tls = {}", ""), &["missing-key"]);
    check(web("tls = { key = \"a.key\" }", ""), &["missing-key"]);
    check(web("host = \"a.example\"", "tls = { acme = \"ops@shop.example\" }"), &[]);
    check(
        web("host = \"a.example\"", "tls = { acme = { contact = \"ops\", directory = \"http://ca.example\", root = \"\" } }"),
        &["bad-mail", "bad-directory", "bad-path"],
    );
    check(web("host = \"a.example\"", "tls = { acme = {} }"), &["missing-key"]);
    check(web("host = \"a.example\"", &format!("tls = {{ acme = \"ops@shop.example\", {good} }}")), &["two-sources"]);
    check(web("", "tls = { acme = \"ops@shop.example\", redirect_from = false }"), &["acme-without-host", "acme-without-plain-http"]);
    check(web("", "tls = { certificate = \"a.pem\", hsts = \"1y\", redirect_from = 0 }"), &["missing-key", "bad-duration", "bad-port"]);
    check(web("", "tls = { certificate = \"a.pem\", key = { secret = \"x-y\", file = \"z\" } }"), &["bad-variable", "unknown-key"]);
    // Where plain HTTP is sent on from, nothing else speaks.
    check(web(&format!("port = 8080, tls = {{ {good} }}"), ""), &["redirect-conflict"]);
    check(web(&format!("port = 8080, tls = {{ {good}, redirect_from = false }}"), ""), &[]);
}

#[test]
fn tools_of_the_projects_own() {
    insta::assert_snapshot!(mistakes(r#"name = "shop"
[components.web]
run = "x"
[components.site]
site = "x"
route = {}
[databases.a]
kind = "postgres"
url = { secret = "A" }
migrations = "m"
migrate = { up = "x", status = "x" }
[databases.b]
kind = "postgres"
url = { secret = "B" }
migrations = "m"
component = "site"
migrate = { up = "x", status = "x" }
[databases.c]
kind = "postgres"
url = { secret = "C" }
migrations = "m"
component = "wep"
migrate = { up = "x" }
[databases.d]
kind = "postgres"
url = { secret = "D" }
migrations = "m"
component = "web""#), @r#"
    11:1+7 missing-key: nothing says which component's release has the tool | write `component = "web"` beside it
    16:1+9 not-a-program: `site` runs no program, and the tool is run as its program is | name the component with `run` that has the tool in its release
    22:1+9 unknown-component: there is no component `wep` | `site`, `web`
    23:11+12 missing-key: `status` is missing in `databases.c.migrate` | write `status = "alembic current | cut -d' ' -f1"`
    28:1+9 bad-value: `component` is for SQLite | remove it; `url` says where a server is
    "#);
}
