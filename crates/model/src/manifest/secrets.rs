//! Where the manifest names secrets: for who found that one has no value.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::report::Report;
use super::section::Section;
use super::suggest::shown;
use super::{document, merge};
use crate::finding::Finding;
use crate::{ComponentName, EnvironmentName};

/// Says of each secret in `missing` that it has no value, at the place where the manifest `text` names it for `environment`.
#[must_use]
pub fn missing_secrets(text: &str, file: &str, environment: &EnvironmentName, missing: &BTreeMap<ComponentName, BTreeSet<String>>) -> Vec<Finding> {
    let manifest = document::document(text, &mut Report::new(text, file)).manifest;
    let overrides = manifest.section("environments").and_then(|all| all.section(environment.as_str())).and_then(|one| one.section("components"));
    let mut report = Report::new(text, file);
    for (name, section) in manifest.sections("components") {
        let Some((_, secrets)) = missing.iter().find(|(known, _)| known.as_str() == name) else { continue };
        let component = merge::component(section, None, overrides.and_then(|all| all.section(name)));
        for secret in secrets {
            let help = format!("set the variable {secret} where plimsoll is called, or take it out of `secrets`");
            report.error("secret-missing", &place(&component, secret), format!("the secret {} has no value", shown(secret)), help);
        }
    }
    report.into_findings()
}

fn place(component: &Section, secret: &str) -> Range<usize> {
    let named = component.texts("secrets").into_iter().find(|(name, _)| name == secret);
    named.map_or_else(|| component.span_of("secrets"), |(_, span)| span)
}
