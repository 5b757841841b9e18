//! Telling of secrets that are nowhere, at the places where the manifest names them.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{ComponentName, manifest};

use super::Wanted;
use crate::project::{Loaded, MANIFEST};
use crate::{Exit, OpError};

/// The error for secrets without a value.
pub(super) fn absent(loaded: &Loaded, wanted: &Wanted, missing: &BTreeSet<&str>) -> OpError {
    let environment = &loaded.project.environment.name;
    let findings = manifest::missing_secrets(&loaded.text, MANIFEST, environment, &by_component(wanted, missing));
    let names: Vec<&str> = missing.iter().copied().collect();
    let message = match names.as_slice() {
        [only] => format!("the secret {only} has no value"),
        several => format!("the secrets {} have no values", several.join(", ")),
    };
    let names = names.join(", ");
    let help = format!("keep the value in the environment's file (plimsoll secrets set {environment} NAME), or set {names} where plimsoll is called");
    OpError { findings, ..OpError::new(Exit::Manifest, "secret-missing", message).with_help(help) }
}

fn by_component(wanted: &Wanted, missing: &BTreeSet<&str>) -> BTreeMap<ComponentName, BTreeSet<String>> {
    let mut all = BTreeMap::<ComponentName, BTreeSet<String>>::new();
    for (name, users) in wanted.iter().filter(|(name, _)| missing.contains(name.as_str())) {
        for component in &users.components {
            all.entry(component.clone()).or_default().insert(name.clone());
        }
    }
    all
}
