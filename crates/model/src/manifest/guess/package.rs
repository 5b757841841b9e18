//! JavaScript: a `package.json` with a framework that is known, or with a script `start`.

use serde_json::Value;

use super::super::draft::{Draft, Folder, Found};

/// A framework whose build gives a static site: its package, the folder that it writes, and whether the site routes by itself.
const SITES: &[(&str, &str, bool)] = &[
    ("@11ty/eleventy", "_site", false),
    ("@docusaurus/core", "build", false),
    ("@sveltejs/adapter-static", "build", false),
    ("@vue/cli-service", "dist", true),
    ("astro", "dist", false),
    ("gatsby", "public", false),
    ("parcel", "dist", true),
    ("react-scripts", "build", true),
    ("vite", "dist", true),
];

/// A framework whose build gives a server: its package, what the release needs of it (nothing for all), and how it starts.
const SERVERS: &[(&str, &[&str], &str)] = &[
    ("@sveltejs/adapter-node", &["build", "package.json", "node_modules"], "node build"),
    ("next", &[], "./node_modules/.bin/next start -p $PORT"),
    ("nuxt", &[".output"], "node .output/server/index.mjs"),
];

pub(super) fn detect(folder: &Folder<'_>) -> Found {
    let Some(text) = folder.read("package.json") else { return Found::default() };
    let file = folder.spoken("package.json");
    let Ok(package) = serde_json::from_str::<Value>(&text) else {
        return Found::note(format!("{file} is not JSON: it is left out."));
    };
    let draft = server(&package).or_else(|| start(&package)).or_else(|| site(&package));
    match draft {
        Some(draft) => Found::one(finished(folder, &package, draft)),
        None if package.get("workspaces").is_some() => Found::default(),
        None => Found::note(format!("{file} has neither a script `start` nor a framework that is known: write `run` or `site` for it.")),
    }
}

fn server(package: &Value) -> Option<Draft> {
    let (name, output, run) = SERVERS.iter().find(|(name, ..)| depends_on(package, name))?;
    let output = output.iter().map(|path| (*path).to_owned()).collect();
    Some(Draft { why: (*name).into(), output, run: Some((*run).into()), routed: true, ..Draft::default() })
}

fn site(package: &Value) -> Option<Draft> {
    script(package, "build")?;
    let (name, output, spa) = SITES.iter().find(|(name, ..)| depends_on(package, name))?;
    let site = (*output).to_owned();
    Some(Draft { why: (*name).into(), output: vec![site.clone()], site: Some(site), spa: *spa, routed: true, ..Draft::default() })
}

/// A script `start` that starts node itself is run directly, so that signals reach it.
fn start(package: &Value) -> Option<Draft> {
    let script = script(package, "start").filter(|command| !develops(command))?;
    let direct = script.starts_with("node ") && !script.contains(['&', ';', '|']) && !script.contains(char::is_control);
    let run = if direct { script.to_owned() } else { "npm start".to_owned() };
    Some(Draft { why: "script `start`".into(), run: Some(run), routed: true, ..Draft::default() })
}

/// Commands that serve a site only while it is written.
fn develops(command: &str) -> bool {
    ["react-scripts start", "vite", "vue-cli-service serve", "gatsby develop", "astro dev", "parcel"]
        .iter()
        .any(|dev| command.trim().starts_with(dev))
}

fn finished(folder: &Folder<'_>, package: &Value, draft: Draft) -> Draft {
    let name = package.get("name").and_then(Value::as_str).and_then(|name| name.rsplit('/').next());
    let own = folder.path.last().map(str::to_owned).or_else(|| name.map(str::to_owned));
    let test = script(package, "test").filter(|test| !test.contains("no test specified"));
    Draft {
        name: own.unwrap_or_else(|| folder.name.clone()),
        why: format!("{}, from {}", draft.why, folder.spoken("package.json")),
        build: build(folder, package),
        test: test.map(|_| "npm test".into()),
        ..draft
    }
}

fn build(folder: &Folder<'_>, package: &Value) -> Option<String> {
    let (install, run) = manager(folder);
    let needed =
        ["dependencies", "devDependencies"].iter().any(|kind| package.get(kind).and_then(Value::as_object).is_some_and(|all| !all.is_empty()));
    let steps = [needed.then(|| install.to_owned()), script(package, "build").map(|_| format!("{run} build"))];
    Some(steps.into_iter().flatten().collect::<Vec<_>>().join(" && ")).filter(|command| !command.is_empty())
}

/// How packages are installed and scripts run, by the lock file that lies there.
fn manager(folder: &Folder<'_>) -> (&'static str, &'static str) {
    match () {
        () if folder.has("pnpm-lock.yaml") => ("pnpm install --frozen-lockfile", "pnpm run"),
        () if folder.has("yarn.lock") => ("yarn install --frozen-lockfile", "yarn run"),
        () if folder.has("bun.lock") || folder.has("bun.lockb") => ("bun install --frozen-lockfile", "bun run"),
        () if folder.has("package-lock.json") => ("npm ci", "npm run"),
        () => ("npm install", "npm run"),
    }
}

fn depends_on(package: &Value, name: &str) -> bool {
    ["dependencies", "devDependencies"].iter().any(|kind| package.get(kind).is_some_and(|all| all.get(name).is_some()))
}

fn script<'p>(package: &'p Value, name: &str) -> Option<&'p str> {
    package.get("scripts")?.get(name)?.as_str()
}
