//! What is guessed of some projects.

use std::path::Path;

use super::super::{guess, read};
use super::environment;
use super::memory::Memory;

/// The guessed text with the notes below it.
fn guessed(files: &[(&str, &str)]) -> String {
    let guess = guess(&Memory::of(files), "My Shop");
    if let Some(text) = &guess.text {
        let project = read(text, "plimsoll.toml", &environment("local"));
        assert!(project.is_ok(), "{text}\n{project:?}");
    }
    let text = guess.text.unwrap_or_else(|| "(nothing)\n".into());
    // What stands at the top and the end of each is told once, in the first test.
    let middle = text.split("\n# Where to deploy").next().unwrap_or_default();
    format!("{middle}---\n{}", guess.notes.iter().filter(|note| !note.starts_with("No host")).map(|note| format!("{note}\n")).collect::<String>())
}

#[test]
fn every_detector_is_registered_in_order() {
    let module = include_str!("../guess/mod.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest/guess");
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be read").file_name());
    let mut names: Vec<String> =
        files.filter_map(|file| file.to_str()?.strip_suffix(".rs").map(str::to_owned)).filter(|name| name != "mod").collect();
    names.sort();
    let places: Vec<Option<usize>> = names.iter().map(|name| module.find(&format!("detect: {name}::detect }}"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{names:?} {places:?}");
    assert!(names.len() >= 8);
}

#[test]
fn the_whole_text_of_a_guess() {
    let guess = guess(&Memory::of(&[("index.html", "")]), "My Shop");
    insta::assert_snapshot!(guess.text.unwrap_or_default(), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Static site, from index.html
    [components.my-shop]
    site = "."
    route = { port = 4000 }

    # Where to deploy to, beside this machine (`local`):
    # [environments.production]
    # branch = "main"
    # hosts = ["deploy@host.example"]
    "#);
    assert_eq!(guess.notes, ["No host was guessed: name them in `[environments.NAME]`; `local`, this machine, needs none."]);
}

#[test]
fn rust() {
    insta::assert_snapshot!(guessed(&[("Cargo.toml", r#"[workspace]
members = ["crates/*", "tool"]"#), ("crates/api/Cargo.toml", r#"[package]
name = "api"
[dependencies]
axum = "0.8""#), ("crates/api/src/main.rs", ""), ("crates/lib/Cargo.toml", r#"[package]
name = "lib""#), ("tool/Cargo.toml", r#"[package]
name = "tool"
[[bin]]
name = "mailer""#), ("tool/src/bin/sweep.rs", "")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Rust program, from crates/api/Cargo.toml
    [components.api]
    build = { command = "cargo build --release --bin api", output = ["target/release/api"] }
    # test = "cargo test"
    run = "./api"  # must answer at 127.0.0.1 on the port in PORT
    route = { port = 4000 }

    # Rust program, from tool/Cargo.toml
    [components.mailer]
    build = { command = "cargo build --release --bin mailer", output = ["target/release/mailer"] }
    # test = "cargo test"
    run = "./mailer"

    # Rust program, from tool/Cargo.toml
    [components.sweep]
    build = { command = "cargo build --release --bin sweep", output = ["target/release/sweep"] }
    # test = "cargo test"
    run = "./sweep"
    ---
    mailer gets no route: nothing says that it answers HTTP. If it does, write `route = { port = 4000 }` and `health`.
    sweep gets no route: nothing says that it answers HTTP. If it does, write `route = { port = 4000 }` and `health`.
    "#);
    insta::assert_snapshot!(guessed(&[("Cargo.toml", r#"[package]
name = "lib""#)]), @r#"
    (nothing)
    ---
    Cargo.toml builds no program: it is left out.
    No component was recognized. Write plimsoll.toml by hand; the smallest one is:

    name = "my-shop"

    [components.web]
    run = "./web"  # must answer on the port in PORT
    route = { port = 4000 }
    "#);
}

#[test]
fn javascript() {
    insta::assert_snapshot!(guessed(&[("web/package.json", r#"{"name": "@shop/admin", "scripts": {"build": "vite build", "start": "vite", "test": "vitest"}, "devDependencies": {"vite": "7"}}"#), ("web/package-lock.json", ""), ("web/index.html", ""), ("api/package.json", r#"{"scripts": {"start": "node server.js"}, "dependencies": {"express": "5"}}"#), ("api/yarn.lock", "")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # script `start`, from api/package.json
    [components.api]
    path = "api"
    build = "yarn install --frozen-lockfile"
    run = "node server.js"  # must answer at 127.0.0.1 on the port in PORT
    route = { port = 4000 }

    # vite, from web/package.json
    [components.web]
    path = "web"
    build = { command = "npm ci && npm run build", output = ["dist"] }
    # test = "npm test"
    site = "dist"
    spa = true
    route = { port = 4001 }
    ---
    "#);
    insta::assert_snapshot!(guessed(&[("package.json", r#"{"name": "front", "scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "16"}}"#), ("pnpm-lock.yaml", "")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # next, from package.json
    [components.front]
    build = "pnpm install --frozen-lockfile && pnpm run build"
    run = "./node_modules/.bin/next start -p $PORT"  # must answer at 127.0.0.1 on the port in PORT
    route = { port = 4000 }
    ---
    "#);
    insta::assert_snapshot!(guessed(&[("package.json", r#"{"name": "lib"}"#), ("broken/package.json", "{")]), @r#"
    (nothing)
    ---
    package.json has neither a script `start` nor a framework that is known: write `run` or `site` for it.
    broken/package.json is not JSON: it is left out.
    No component was recognized. Write plimsoll.toml by hand; the smallest one is:

    name = "my-shop"

    [components.web]
    run = "./web"  # must answer on the port in PORT
    route = { port = 4000 }
    "#);
}

#[test]
fn go() {
    insta::assert_snapshot!(guessed(&[("go.mod", r"module example.com/shop
"), ("main.go", r#"import "net/http""#), ("cmd/sweep/main.go", "")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Go program, from go.mod
    [components.shop]
    build = { command = "go build -o bin/ ./", output = ["bin/shop"] }
    # test = "go test ./..."
    run = "./shop"  # must answer at 127.0.0.1 on the port in PORT
    route = { port = 4000 }

    # Go program, from go.mod
    [components.sweep]
    build = { command = "go build -o bin/ ./cmd/sweep", output = ["bin/sweep"] }
    # test = "go test ./..."
    run = "./sweep"
    ---
    sweep gets no route: nothing says that it answers HTTP. If it does, write `route = { port = 4000 }`.
    "#);
    insta::assert_snapshot!(guessed(&[("go.mod", "module example.com/lib")]), @r#"
    (nothing)
    ---
    go.mod has no main.go, here or below cmd/: it is left out.
    No component was recognized. Write plimsoll.toml by hand; the smallest one is:

    name = "my-shop"

    [components.web]
    run = "./web"  # must answer on the port in PORT
    route = { port = 4000 }
    "#);
}

#[test]
fn python() {
    insta::assert_snapshot!(guessed(&[("requirements.txt", r"Flask==3
gunicorn
pytest"), ("app.py", "application = Flask(__name__)")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Python application, from requirements.txt
    [components.my-shop]
    build = "python3 -m pip install --upgrade --target vendor -r requirements.txt"
    # test = "python3 -m pytest"
    run = "python3 -m gunicorn --bind 127.0.0.1:$PORT app:application"  # must answer at 127.0.0.1 on the port in PORT
    env = { PYTHONPATH = "vendor" }
    route = { port = 4000 }
    ---
    "#);
    insta::assert_snapshot!(guessed(&[("api/pyproject.toml", r#"dependencies = ["fastapi"]"#), ("api/app/main.py", "app: FastAPI = FastAPI()")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Python application, from api/pyproject.toml
    [components.api]
    path = "api"
    build = "python3 -m pip install --upgrade --target vendor ."
    run = "python3 -m uvicorn --host 127.0.0.1 --port $PORT app.main:app"  # must answer at 127.0.0.1 on the port in PORT
    env = { PYTHONPATH = "vendor" }
    route = { port = 4000 }
    ---
    api/pyproject.toml does not name uvicorn, which is to run it: add it there.
    "#);
    insta::assert_snapshot!(guessed(&[("requirements.txt", r"Django>=5
gunicorn"), ("manage.py", ""), ("shop/wsgi.py", "")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Python application, from requirements.txt
    [components.my-shop]
    build = "python3 -m pip install --upgrade --target vendor -r requirements.txt"
    run = "python3 -m gunicorn --bind 127.0.0.1:$PORT shop.wsgi:application"  # must answer at 127.0.0.1 on the port in PORT
    env = { PYTHONPATH = "vendor" }
    route = { port = 4000 }
    ---
    "#);
    insta::assert_snapshot!(guessed(&[("requirements.txt", "numpy")]), @r#"
    (nothing)
    ---
    requirements.txt names no web application that is known: write `run` for it, and `route` if it answers HTTP.
    No component was recognized. Write plimsoll.toml by hand; the smallest one is:

    name = "my-shop"

    [components.web]
    run = "./web"  # must answer on the port in PORT
    route = { port = 4000 }
    "#);
}

#[test]
fn procfiles() {
    insta::assert_snapshot!(guessed(&[("Procfile", r"# comment
web: bundle exec puma -p $PORT
worker: bin/work
release: bin/migrate
"), ("package.json", r#"{"scripts": {"build": "esbuild x", "start": "node x"}, "dependencies": {"esbuild": "1"}}"#)]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Process `web`, from Procfile
    [components.web]
    build = "npm install && npm run build"
    run = "bundle exec puma -p $PORT"  # must answer at 127.0.0.1 on the port in PORT
    route = { port = 4000 }

    # Process `worker`, from Procfile
    [components.worker]
    build = "npm install && npm run build"
    run = "bin/work"
    ---
    `release` of Procfile was left out: run it yourself before the deployment.
    "#);
}

#[test]
fn containers() {
    insta::assert_snapshot!(guessed(&[("Dockerfile", r#"FROM debian
CMD ["./serve"]
"#), ("compose.yml", ""), ("site/index.html", "")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Static site, from site/index.html
    [components.site]
    path = "site"
    site = "."
    route = { port = 4000 }
    ---
    compose.yml was left out: containers are not available in this version. What its services run can be written as `run`.
    Dockerfile was left out: containers are not available in this version. Write what it runs as `run`. It starts with: CMD ["./serve"]
    "#);
}

#[test]
fn sites() {
    insta::assert_snapshot!(guessed(&[("public/index.html", "")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Static site, from public/index.html
    [components.my-shop]
    site = "public"
    route = { port = 4000 }
    ---
    "#);
    insta::assert_snapshot!(guessed(&[("a/index.html", ""), ("b/index.html", ""), ("node_modules/x/index.html", ""), (".git/index.html", "")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # Static site, from a/index.html
    [components.a]
    path = "a"
    site = "."
    route = { port = 4000 }

    # Static site, from b/index.html
    [components.b]
    path = "b"
    site = "."
    route = { port = 4001 }
    ---
    "#);
}

#[test]
fn nothing() {
    insta::assert_snapshot!(guessed(&[("README.md", "")]), @r#"
    (nothing)
    ---
    No component was recognized. Write plimsoll.toml by hand; the smallest one is:

    name = "my-shop"

    [components.web]
    run = "./web"  # must answer on the port in PORT
    route = { port = 4000 }
    "#);
}

#[test]
fn what_cannot_be_written() {
    insta::assert_snapshot!(guessed(&[("package.json", r#"{"name": "\u001b", "scripts": {"start": "node x"}}"#), ("cmd/package.json", r#"{"scripts": {"start": "node \u0007"}}"#), ("bad/Cargo.toml", r#"[package]
name = "a\u0007""#), ("bad/src/main.rs", "")]), @r#"
    # What follows was guessed: read it before you deploy. `plimsoll check` judges it.
    name = "my-shop"

    # script `start`, from package.json
    [components.app]
    run = "node x"  # must answer at 127.0.0.1 on the port in PORT
    route = { port = 4000 }

    # script `start`, from cmd/package.json
    [components.cmd]
    path = "cmd"
    run = "npm start"  # must answer at 127.0.0.1 on the port in PORT
    route = { port = 4001 }
    ---
    a  gets no route: nothing says that it answers HTTP. If it does, write `route = { port = 4000 }` and `health`.
    a was left out: `Rust program, from bad/Cargo.toml` cannot be written as a component.
    "#);
}
