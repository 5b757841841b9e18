//! What an environment changes: its overrides laid over the components.

use super::section::{Entry, Node, Section};

/// The component as an environment sees it. A value of `overrides` replaces that of `component`; variables are merged, those
/// of the environment (`env`; none for a site) over the component's, those of `overrides` over both.
pub(super) fn component(component: &Section, env: Option<&Entry>, overrides: Option<&Section>) -> Section {
    let mut merged = component.clone();
    let replaces = |key: &str| key != "env" && changed_kind(component, key).is_none();
    for (key, entry) in overrides.into_iter().flat_map(|section| &section.entries).filter(|(key, _)| replaces(key)) {
        merged.entries.insert(key.clone(), entry.clone());
    }
    let layers = [env.filter(|_| !component.has("site")), overrides.and_then(|section| section.entry("env"))];
    for layer in layers.into_iter().flatten() {
        variables(&mut merged, layer);
    }
    merged
}

/// The kind of `component`, when an override of `key` would make it another one.
pub(super) fn changed_kind(component: &Section, key: &str) -> Option<&'static str> {
    let other = match key {
        "run" => "site",
        "site" => "run",
        _ => return None,
    };
    (component.has(other) && !component.has(key)).then_some(other)
}

fn variables(merged: &mut Section, layer: &Entry) {
    match merged.entries.get_mut("env").map(|entry| &mut entry.node) {
        Some(Node::Section(under)) => {
            if let Node::Section(over) = &layer.node {
                under.entries.extend(over.entries.clone());
            }
        }
        Some(_) => {}
        None => drop(merged.entries.insert("env".into(), layer.clone())),
    }
}
