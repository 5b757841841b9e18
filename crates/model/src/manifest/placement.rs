//! Where components go: the labels of an environment's hosts, and the labels that components ask for.

use std::collections::BTreeSet;
use std::ops::Range;

use super::report::Report;
use super::section::{Entry, Node, Section};
use super::suggest::{listed, nearest, shown};
use crate::HostName;

/// A label, with its place.
type Label = (String, Range<usize>);

/// A host of an environment as it is written.
pub(super) struct Host {
    /// Its name.
    pub name: String,
    /// Where that stands.
    pub span: Range<usize>,
    /// Its labels.
    labels: Vec<Label>,
}

/// The hosts of an environment, without those that were refused.
pub(super) fn hosts(environment: &Section) -> Vec<Host> {
    environment.list("hosts").into_iter().filter_map(host).collect()
}

fn host(entry: Entry) -> Option<Host> {
    match entry.node {
        Node::Text(name) => Some(Host { name, span: entry.value, labels: Vec::new() }),
        Node::Section(host) => Some(Host { name: host.text("host")?, span: host.entry("host")?.value.clone(), labels: host.texts("labels") }),
        _ => None,
    }
}

/// The hosts that `component` goes to; none when it is all of them.
pub(super) fn places(component: &Section, hosts: &[Host]) -> Option<BTreeSet<HostName>> {
    let asked = asked(component);
    let goes = |host: &&Host| host.labels.iter().any(|(label, _)| asked.iter().any(|(wanted, _)| wanted == label));
    let named = hosts.iter().filter(goes).filter_map(|host| HostName::new(&host.name).ok());
    (!asked.is_empty()).then(|| named.collect())
}

/// The first host that `section` may go to.
pub(super) fn first(section: &Section, hosts: &[Host]) -> Option<HostName> {
    let places = places(section, hosts);
    let named = hosts.iter().filter_map(|host| HostName::new(&host.name).ok());
    named.into_iter().find(|host| places.as_ref().is_none_or(|places| places.contains(host)))
}

/// Says which labels stand twice at a host of `environment`.
pub(super) fn judge_hosts(environment: &Section, report: &mut Report<'_>) {
    hosts(environment).iter().for_each(|host| twice(&host.labels, report));
}

/// Says which labels no host of the `manifest` has, and when `component` would be on none of the `hosts` of an environment.
pub(super) fn judge(name: &str, component: &Section, environment: &str, hosts: Option<&[Host]>, manifest: &Section, report: &mut Report<'_>) {
    let asked = asked(component);
    if asked.is_empty() {
        return;
    }
    twice(&asked, report);
    let known = labels(manifest);
    let strange: Vec<&Label> = asked.iter().filter(|(label, _)| !known.contains(label)).collect();
    strange.iter().for_each(|label| unknown(label, &known, report));
    let nowhere = || hosts.is_some_and(|hosts| !hosts.is_empty() && places(component, hosts).is_some_and(|places| places.is_empty()));
    if strange.is_empty() && nowhere() {
        let message = format!("component {} would be on no host of environment {}", shown(name), shown(environment));
        let help = format!(
            "give one of its hosts a label: `{{ host = \"deploy@a.shop.example\", labels = [\"{}\"] }}`, or write another `on` below \
             `[environments.{environment}.components.{name}]`; `on = []` is all hosts",
            asked[0].0
        );
        report.error("no-host", &component.span_of("on"), message, help);
    }
}

/// The labels that a component asks for: a host has to have one of them.
fn asked(component: &Section) -> Vec<Label> {
    match component.entry("on") {
        Some(Entry { node: Node::Text(label), value, .. }) => vec![(label.clone(), value.clone())],
        _ => component.texts("on"),
    }
}

/// The labels of all hosts of all environments.
fn labels(manifest: &Section) -> BTreeSet<String> {
    let hosts = manifest.sections("environments").flat_map(|(_, environment)| hosts(environment));
    hosts.flat_map(|host| host.labels).map(|(label, _)| label).collect()
}

fn unknown((label, span): &Label, known: &BTreeSet<String>, report: &mut Report<'_>) {
    let words = || known.iter().map(String::as_str);
    let help = match nearest(label, words()) {
        Some(meant) => format!("did you mean `{meant}`? the labels are {}", listed(words())),
        None if known.is_empty() => format!("give a host the label: `hosts = [{{ host = \"deploy@a.shop.example\", labels = [\"{label}\"] }}]`"),
        None => format!("the labels are {}", listed(words())),
    };
    report.error("unknown-label", span, format!("no host has the label {}", shown(label)), help);
}

fn twice(labels: &[Label], report: &mut Report<'_>) {
    for (index, (label, span)) in labels.iter().enumerate() {
        if labels[..index].iter().any(|(other, _)| other == label) {
            report.error("duplicate-label", span, format!("label {} stands here twice", shown(label)), "keep one of the two");
        }
    }
}
