//! Judging a component: whether its keys fit together. What each value alone must look like was judged before.

use super::component::ROLLING;
use super::report::Report;
use super::section::Section;
use super::suggest::{listed, shown};
use crate::RelPath;

/// Keys that mean something only for a program.
const FOR_PROGRAMS: &[&str] = &["health", "env", "secrets", "shared", "user", "limits", "start_timeout"];

/// Kinds of component that are part of the design and not of this version: their absence here was told already.
const LATER: &[&str] = &["image", "compose", "config", "stack"];

/// Says what does not fit together in a component, as one environment sees it.
pub(super) fn judge(name: &str, component: &Section, report: &mut Report<'_>) {
    match (component.has("run"), component.has("site")) {
        (true, true) => {
            let message = format!("component {} has both `run` and `site`", shown(name));
            report.error("two-kinds", &component.span_of("site"), message, "keep one of them, or make it two components");
        }
        (true, false) => program(component, report),
        (false, true) => site(name, component, report),
        (false, false) => neither(name, component, report),
    }
    rolling(component, report);
    secrets(component, report);
    output(component, report);
    health(component, report);
    shared(component, report);
}

fn program(component: &Section, report: &mut Report<'_>) {
    if component.has("spa") {
        report.warning("no-effect", &component.span_of("spa"), "`spa` has no effect on a program", "remove it, or use `site`");
    }
}

fn neither(name: &str, component: &Section, report: &mut Report<'_>) {
    if !LATER.iter().any(|key| component.has(key)) {
        let message = format!("component {} says neither what to run nor what to serve", shown(name));
        let help = "write `run = \"./backend\"` for a program or `site = \"dist\"` for static files";
        report.error("no-kind", &component.span, message, help);
    }
}

fn site(name: &str, component: &Section, report: &mut Report<'_>) {
    if !component.has("route") {
        let message = format!("site {} has no route, so nobody could see it", shown(name));
        report.error(
            "site-without-route",
            &component.span_of("site"),
            message,
            "write `route = { host = \"shop.example\" }` or `route = { port = 8080 }`",
        );
    }
    if component.text("strategy").as_deref() == Some("recreate") {
        let message = "a site is always replaced without a gap: `recreate` is not possible";
        report.error("bad-value", &component.span_of("strategy"), message, "remove `strategy`");
    }
    for key in FOR_PROGRAMS.iter().filter(|key| component.has(key)) {
        report.warning("no-effect", &component.span_of(key), format!("`{key}` has no effect on a site"), "remove it, or use `run`");
    }
}

fn rolling(component: &Section, report: &mut Report<'_>) {
    if component.has("max_unavailable") && component.text("strategy").as_deref() != Some(ROLLING) {
        let message = "`max_unavailable` has no effect where all hosts are replaced at once";
        report.warning("no-effect", &component.span_of("max_unavailable"), message, "remove it, or write `strategy = \"rolling\"`");
    }
}

fn secrets(component: &Section, report: &mut Report<'_>) {
    let env = component.map("env");
    for (name, span) in component.texts("secrets").iter().filter(|(name, _)| env.contains_key(name)) {
        let message = format!("{} is both a secret and a variable in `env`", shown(name));
        report.error("secret-in-env", span, message, "keep it in `secrets`, and take its value out of the manifest");
    }
}

/// Outputs land in the release under their last names: those must differ, and hold what is served.
fn output(component: &Section, report: &mut Report<'_>) {
    let Some(build) = component.section("build") else { return };
    let outputs = build.paths("output");
    let names: Vec<Option<&str>> = outputs.iter().map(RelPath::last).collect();
    for (index, path) in outputs.iter().enumerate() {
        let first = names.iter().position(|name| *name == names[index]).unwrap_or(index);
        if first == index {
            continue;
        }
        let message = format!("{} and {} would have one name in the release", shown(outputs[first].as_str()), shown(path.as_str()));
        report.error("output-clash", &build.span_of("output"), message, "give them different last names, or name their common folder");
    }
    let Some(site) = component.path("site") else { return };
    let first = site.as_str().split('/').next();
    if site.last().is_some() && !names.contains(&None) && !names.contains(&first) {
        let message = format!("{} is not in the release, which holds {}", shown(site.as_str()), listed(names.into_iter().flatten()));
        let help = "outputs land in the release under their last names: write that name in `site`";
        report.error("site-not-in-output", &component.span_of("site"), message, help);
    }
}

fn health(component: &Section, report: &mut Report<'_>) {
    let Some(health) = component.section("health") else { return };
    let asked: Vec<&str> = ["path", "connect", "stays_up"].into_iter().filter(|key| health.has(key) && health.flag(key) != Some(false)).collect();
    if let [first, second, ..] = asked[..] {
        let message = format!("`{first}` and `{second}` are two ways to ask for one health");
        report.error("two-questions", &health.span_of(second), message, "keep one of `path`, `connect` and `stays_up`");
    }
}

fn shared(component: &Section, report: &mut Report<'_>) {
    for path in component.paths("shared").iter().filter(|path| path.last().is_none()) {
        let message = format!("{} cannot be shared: it is the release itself", shown(path.as_str()));
        report.error("bad-path", &component.span_of("shared"), message, "name folders or files in it, such as \"uploads\"");
    }
}
