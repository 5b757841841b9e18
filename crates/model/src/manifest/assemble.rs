//! A project for one environment: its components as that environment sees them, judged together.

use std::collections::BTreeMap;

use super::component::Ground;
use super::environment::{self, LOCAL};
use super::project::{Component, Hooks, Project};
use super::report::Report;
use super::section::Section;
use super::suggest::{listed, nearest, shown};
use super::{component, copies, database, fit, graph, keys, merge, placement, routes, secrets, tls};
use crate::{ComponentName, EnvironmentName, ProjectName};

/// The project that `manifest` describes, as `name` sees it. None when the report says why.
pub(super) fn project(manifest: &Section, name: &EnvironmentName, report: &mut Report<'_>) -> Option<Project> {
    let nothing = Section::new(0..0, Some(&keys::ENVIRONMENT));
    let section = match manifest.section("environments").and_then(|environments| environments.section(name.as_str())) {
        Some(section) => section,
        None if name.as_str() == LOCAL => &nothing,
        None => return unknown(manifest, name, report),
    };
    environment::judge(name.as_str(), section, manifest, report);
    copies::judge(section, report);
    secrets::judge(manifest, report);
    let hosts = environment::labelled(name, section);
    let sources = secrets::sources(manifest.section("secrets"), section.section("secrets"));
    let copy = copies::spec(section, &sources.recipients, environment::kept_backups(name, section)?);
    let here = environment::is_here(name, section);
    let ground = Ground { here, tls: section.section("tls"), hosts: hosts.as_deref(), copy: copy.as_ref() };
    let components = components(manifest, name, section, ground, report);
    Some(Project {
        name: ProjectName::new(manifest.text("name")?).ok()?,
        version: manifest.text("version"),
        environment: environment::environment(name, section)?,
        components: components?,
        hooks: manifest.section("hooks").map(hooks).unwrap_or_default(),
        secrets: sources,
    })
}

fn unknown(manifest: &Section, name: &EnvironmentName, report: &mut Report<'_>) -> Option<Project> {
    let known = || manifest.sections("environments").map(|(name, _)| name).filter(|name| *name != LOCAL).chain([LOCAL]);
    // A name whose section was refused has been complained about, and is not unknown.
    if !manifest.section("environments").is_some_and(|environments| environments.has(name.as_str())) {
        let meant = nearest(name.as_str(), known()).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
        let message = format!("there is no environment {} in the manifest", shown(name.as_str()));
        report.misplaced("unknown-environment", message, format!("{meant}there are {}", listed(known())));
    }
    None
}

type Components = BTreeMap<ComponentName, Component>;

fn components(manifest: &Section, on: &EnvironmentName, environment: &Section, ground: Ground<'_>, report: &mut Report<'_>) -> Option<Components> {
    if manifest.section("components").is_some_and(|components| components.entries.is_empty()) {
        report.error("no-components", &manifest.span_of("components"), "the project has no components", "write `[components.web]` and what it runs");
    }
    let overrides = environment.section("components");
    let merge = |(name, section)| (name, merge::component(section, environment.entry("env"), overrides.and_then(|all| all.section(name))));
    let merged: BTreeMap<&str, Section> = manifest.sections("components").map(merge).collect();
    for (name, section) in &merged {
        fit::judge(name, section, report);
        placement::judge(name, section, on.as_str(), ground.hosts, manifest, report);
    }
    let databases: BTreeMap<&str, &Section> = manifest.sections("databases").collect();
    for (name, section) in &databases {
        database::judge(name, section, &merged, report);
        placement::judge(name, section, on.as_str(), ground.hosts, manifest, report);
    }
    graph::judge(merged.iter().map(|(name, section)| (*name, section)).chain(databases.iter().map(|(name, section)| (*name, *section))), report);
    let own = merged.values().filter_map(|section| section.section("route")?.section("tls"));
    own.chain(ground.tls).for_each(|section| tls::fit(section, report));
    let build = |(name, section): (&&str, &Section)| Some((ComponentName::new(*name).ok()?, component::component(section, ground)?));
    let mut built: Components = merged.iter().filter_map(build).collect();
    let components = built.len();
    let stored = |(name, section): (&&str, &&Section)| Some((ComponentName::new(*name).ok()?, database::component(section, ground, &built)?));
    let stored: Components = databases.iter().filter_map(stored).collect();
    built.extend(stored);
    database::join(&mut built);
    database::judge_hosts(&databases, &built, ground.hosts.map_or(1, <[_]>::len), report);
    let placed = || built.iter().filter_map(|(name, component)| Some((name, component, merged.get(name.as_str())?.span_of("route"))));
    routes::judge(placed(), report);
    tls::judge(placed(), report);
    (components == merged.len() && built.len() == merged.len() + databases.len()).then_some(built)
}

fn hooks(section: &Section) -> Hooks {
    Hooks {
        before_build: section.text("before_build"),
        before_switch: section.text("before_switch"),
        after_commit: section.text("after_commit"),
        after_rollback: section.text("after_rollback"),
    }
}
