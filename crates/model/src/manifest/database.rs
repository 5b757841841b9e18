//! Databases of the manifest: judged, and made components of the project.

use std::collections::{BTreeMap, BTreeSet};

use super::component::Ground;
use super::placement;
use super::project::{Component, Kind, OwnTool, StrategyName};
use super::report::Report;
use super::section::Section;
use super::suggest::{listed, shown};
use crate::database::{DatabaseKind, Location, Tool};
use crate::{ComponentName, RelPath};

/// What the manifest calls `MariaDB` and `MySQL`, which are one here.
const MYSQL: &[&str] = &["mysql", "mariadb"];

/// The components of an environment, each as it sees them.
type Components<'a> = BTreeMap<&'a str, Section>;

/// Says what does not fit together in a database, and in its place among the `components`.
pub(super) fn judge(name: &str, section: &Section, components: &Components<'_>, report: &mut Report<'_>) {
    if components.contains_key(name) {
        let message = format!("{} is a component already, and a database is called in the same places", shown(name));
        report.error("name-taken", &section.span, message, "give one of them another name");
    }
    match engine(section) {
        Some(DatabaseKind::Sqlite) => file(section, components, report),
        Some(_) => server(section, report),
        None => {}
    }
    if section.has("migrate") {
        tool(section, components, report);
    }
}

/// The component that a database names.
fn owner<'a>(section: &Section, components: &'a Components<'_>, report: &mut Report<'_>) -> Option<(String, &'a Section)> {
    let name = section.text("component")?;
    let found = components.get(name.as_str());
    if found.is_none() {
        let message = format!("there is no component {}", shown(&name));
        report.error("unknown-component", &section.span_of("component"), message, listed(components.keys().copied()));
    }
    Some((name, found?))
}

/// A tool of the project's own, which is part of a program's release.
fn tool(section: &Section, components: &Components<'_>, report: &mut Report<'_>) {
    let is_file = engine(section) == Some(DatabaseKind::Sqlite);
    if !section.has("component") && !is_file {
        let message = "nothing says which component's release has the tool";
        report.error("missing-key", &section.span_of("migrate"), message, "write `component = \"web\"` beside it");
    }
    // What is wrong with the name of a file's component is told with the file.
    let Some(name) = section.text("component") else { return };
    let found = if is_file { components.get(name.as_str()) } else { owner(section, components, report).map(|(_, found)| found) };
    if found.is_some_and(|found| !found.has("run")) {
        let message = format!("{} runs no program, and the tool is run as its program is", shown(&name));
        report.error("not-a-program", &section.span_of("component"), message, "name the component with `run` that has the tool in its release");
    }
}

/// A database on a server.
fn server(section: &Section, report: &mut Report<'_>) {
    if !section.has("url") {
        let message = "nothing says where the database is";
        report.error("missing-key", &section.span, message, "write `url = { secret = \"DATABASE_URL\" }`, the name of the secret that holds its URL");
    }
    for key in ["file", "component"].into_iter().filter(|key| section.has(key) && (*key == "file" || !section.has("migrate"))) {
        report.error("bad-value", &section.span_of(key), format!("`{key}` is for SQLite"), "remove it; `url` says where a server is");
    }
}

/// A database in a file, which has to outlive the releases of the component that it belongs to.
fn file(section: &Section, components: &Components<'_>, report: &mut Report<'_>) {
    if section.has("url") {
        report.error("bad-value", &section.span_of("url"), "SQLite has no URL", "write `component` and `file` in its place");
    }
    if section.has("user") {
        report.error("bad-value", &section.span_of("user"), "`user` is for a server", "remove it: a file is used as whoever its component runs as");
    }
    let missing = ["component", "file"].into_iter().filter(|key| !section.has(key));
    missing.for_each(|key| {
        let help = "write `component = \"web\"` and `file = \"data/shop.db\"`, where `data` is `shared` by that component";
        report.error("missing-key", &section.span, format!("SQLite needs `{key}`"), help);
    });
    let (Some((owner, component)), Some(path)) = (owner(section, components, report), section.path("file")) else { return };
    if !component.paths("shared").iter().any(|shared| holds(shared, &path)) {
        let folder = path.as_str().rsplit_once('/').map_or(path.as_str(), |(folder, _)| folder);
        let message = format!("{} is gone with each release: {} does not share it", shown(path.as_str()), shown(&owner));
        report.error("not-shared", &section.span_of("file"), message, format!("write `shared = [\"{folder}\"]` in `[components.{owner}]`"));
    }
}

fn holds(shared: &RelPath, path: &RelPath) -> bool {
    path.as_str().strip_prefix(shared.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

fn engine(section: &Section) -> Option<DatabaseKind> {
    match section.text("kind")?.as_str() {
        "sqlite" => Some(DatabaseKind::Sqlite),
        "postgres" => Some(DatabaseKind::Postgres),
        word if MYSQL.contains(&word) => Some(DatabaseKind::Mysql),
        _ => None,
    }
}

fn location(section: &Section) -> Option<Location> {
    match section.section("url") {
        Some(url) => Some(Location::Server { url: url.text("secret")?, user: section.text("user") }),
        None => Some(Location::File { component: ComponentName::new(section.text("component")?).ok()?, path: section.path("file")? }),
    }
}

/// The component that `section` describes, beside those of the project. Says nothing: where a value is missing, its mistake was told before.
pub(super) fn component(section: &Section, ground: Ground<'_>, components: &BTreeMap<ComponentName, Component>) -> Option<Component> {
    let (engine, location, folder, copy) = (engine(section)?, location(section)?, section.path("migrations")?, ground.copy.cloned());
    let exclusive = section.flag("exclusive")?;
    // One host does it: the first that it may be.
    let hosts = ground.hosts.and_then(|hosts| placement::first(section, hosts)).map(|host| BTreeSet::from([host]));
    let ours = Component {
        path: folder.clone(),
        sources: Vec::new(),
        build: None,
        test: None,
        kind: Kind::Database { engine, location: location.clone(), copy: copy.clone(), exclusive, own: None },
        route: None,
        tls: None,
        depends_on: BTreeSet::new(),
        shared: Vec::new(),
        strategy: StrategyName::Recreate,
        rolling: None,
        hosts,
    };
    let Some(migrate) = section.section("migrate") else { return Some(ours) };
    let owner = ComponentName::new(section.text("component")?).ok()?;
    let component = components.get(&owner)?;
    let own = OwnTool { tool: tool_of(owner, component, migrate, &location)?, folder };
    // What the tool is run in is made as the component's release is.
    let Component { path, sources, build, shared, .. } = component.clone();
    Some(Component { path, sources, build, shared, kind: Kind::Database { engine, location, copy, exclusive, own: Some(Box::new(own)) }, ..ours })
}

fn tool_of(owner: ComponentName, component: &Component, migrate: &Section, location: &Location) -> Option<Tool> {
    let Kind::Process(process) = &component.kind else { return None };
    Some(Tool {
        component: owner,
        up: migrate.text("up")?,
        down: migrate.text("down"),
        status: migrate.text("status")?,
        timeout_ms: migrate.number("timeout")?,
        env: process.env.clone(),
        secrets: process.secrets.iter().cloned().chain(location.secret().map(str::to_owned)).collect(),
        user: process.user.clone(),
        limits: process.limits.clone(),
    })
}

/// Has whoever uses a database come after it. A file is looked after on the host where its component is.
pub(super) fn join(components: &mut BTreeMap<ComponentName, Component>) {
    let databases = components.iter().filter_map(|(name, found)| Some((name.clone(), location_of(found)?.clone())));
    for (name, location) in databases.collect::<Vec<_>>() {
        let uses = |user: &ComponentName, found: &Component| match &location {
            Location::File { component, .. } => user == component,
            Location::Server { url, .. } => location_of(found).is_none() && found.kind.secrets().any(|secret| secret == url),
        };
        let owner = components.get(&name).and_then(own_of).map(|own| own.tool.component.clone());
        let uses = |user: &ComponentName, found: &Component| uses(user, found) || owner.as_ref() == Some(user);
        let mut hosts = None;
        for (user, found) in components.iter_mut().filter(|(user, _)| **user != name) {
            if uses(user, found) {
                found.depends_on.insert(name.clone());
                hosts = found.hosts.clone();
            }
        }
        if let (Location::File { .. }, Some(hosts), Some(database)) = (&location, hosts, components.get_mut(&name)) {
            database.hosts = Some(hosts);
        }
    }
}

/// Says which databases in files would be on several hosts, each with other rows. With each comes its place.
pub(super) fn judge_hosts(
    databases: &BTreeMap<&str, &Section>,
    components: &BTreeMap<ComponentName, Component>,
    hosts: usize,
    report: &mut Report<'_>,
) {
    for (name, found) in components {
        let (Some(section), Some(Location::File { component, .. })) = (databases.get(name.as_str()), location_of(found)) else { continue };
        let count = components.get(component).map_or(0, |owner| owner.hosts.as_ref().map_or(hosts, BTreeSet::len));
        if count > 1 {
            let message = format!("{} goes to {count} hosts, and each would have a database of its own", shown(component.as_str()));
            let help = "use a server (`kind = \"postgres\"`), or send the component to one host with `on`";
            report.error("sqlite-several-hosts", &section.span_of("component"), message, help);
        }
    }
}

fn own_of(component: &Component) -> Option<&OwnTool> {
    if let Kind::Database { own, .. } = &component.kind { own.as_deref() } else { None }
}

fn location_of(component: &Component) -> Option<&Location> {
    if let Kind::Database { location, .. } = &component.kind { Some(location) } else { None }
}
