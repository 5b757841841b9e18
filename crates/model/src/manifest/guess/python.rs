//! Python: a web application of a framework that is known, found by its requirements and its source.
//!
//! Packages are installed into a folder of the release (`vendor`), because a virtual environment has absolute paths in it.

use super::super::draft::{Draft, Folder, Found};

/// Files that may hold the application.
const MODULES: &[&str] = &["main", "app", "wsgi", "asgi", "server", "app.main", "src.main", "api.main"];

/// A framework: the word in the requirements, what makes an application in the source, and the server to run it.
const FRAMEWORKS: &[(&str, &str, &str)] =
    &[("fastapi", "FastAPI(", "uvicorn"), ("starlette", "Starlette(", "uvicorn"), ("flask", "Flask(", "gunicorn")];

pub(super) fn detect(folder: &Folder<'_>) -> Found {
    let files = ["requirements.txt", "pyproject.toml"].into_iter().filter_map(|name| Some((name, folder.read(name)?)));
    let files: Vec<(&str, String)> = files.collect();
    let Some((file, _)) = files.first() else { return Found::default() };
    let needs = files.iter().map(|(_, text)| text.to_lowercase()).collect::<Vec<_>>().join("\n");
    let Some(run) = django(folder, &needs).or_else(|| framework(folder, &needs)) else {
        let spoken = folder.spoken(file);
        return Found::note(format!("{spoken} names no web application that is known: write `run` for it, and `route` if it answers HTTP."));
    };
    let what = if *file == "requirements.txt" { "-r requirements.txt" } else { "." };
    let mut found = Found::one(Draft {
        name: folder.name.clone(),
        why: format!("Python application, from {}", folder.spoken(file)),
        build: Some(format!("python3 -m pip install --upgrade --target vendor {what}")),
        test: needs.contains("pytest").then(|| "python3 -m pytest".into()),
        env: vec![("PYTHONPATH", "vendor")],
        routed: true,
        run: Some(run.command),
        ..Draft::default()
    });
    if !needs.contains(run.server) {
        found.notes.push(format!("{} does not name {}, which is to run it: add it there.", folder.spoken(file), run.server));
    }
    found
}

/// How an application is run.
struct Run {
    server: &'static str,
    command: String,
}

fn django(folder: &Folder<'_>, needs: &str) -> Option<Run> {
    if !needs.contains("django") || !folder.has("manage.py") {
        return None;
    }
    let package = folder.list(".").into_iter().find(|name| folder.has(&format!("{name}/wsgi.py")))?;
    Some(run("gunicorn", &format!("{package}.wsgi"), "application"))
}

fn framework(folder: &Folder<'_>, needs: &str) -> Option<Run> {
    let (_, made, server) = FRAMEWORKS.iter().find(|(word, ..)| needs.contains(word))?;
    MODULES.iter().find_map(|module| {
        let text = folder.read(&format!("{}.py", module.replace('.', "/")))?;
        Some(run(server, module, variable(&text, made)?))
    })
}

fn run(server: &'static str, module: &str, variable: &str) -> Run {
    let at = if server == "uvicorn" { "--host 127.0.0.1 --port $PORT" } else { "--bind 127.0.0.1:$PORT" };
    Run { server, command: format!("python3 -m {server} {at} {module}:{variable}") }
}

/// The name that the application is given: `app` in `app = Flask(__name__)`.
fn variable<'t>(text: &'t str, made: &str) -> Option<&'t str> {
    let line = text.lines().find(|line| line.contains(made) && !line.starts_with([' ', '\t', '#']))?;
    let name = line.split(['=', ':']).next()?.trim();
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(name)
}
