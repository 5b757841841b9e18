//! Secrets: where their values come from, and where the manifest names those that have none.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::project::SecretSources;
use super::report::Report;
use super::rules::VARIABLE;
use super::section::Section;
use super::suggest::shown;
use super::{copies, document, merge};
use crate::finding::Finding;
use crate::{ComponentName, EnvironmentName, Recipient};

/// Why a text cannot be the name of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadName {
    /// What is the matter.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// Judges the name of a secret, which is that of a variable.
///
/// # Errors
/// No program could be given a variable of this name.
pub fn judge_secret_name(name: &str) -> Result<(), BadName> {
    (VARIABLE.judge)(name).map_err(|refusal| BadName { message: refusal.message, help: refusal.help })
}

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
            lost(environment, secret, &place(&component, secret), &mut report);
        }
    }
    for (name, section) in manifest.sections("databases") {
        let Some((_, secrets)) = missing.iter().find(|(known, _)| known.as_str() == name) else { continue };
        secrets.iter().for_each(|secret| lost(environment, secret, &section.span_of("url"), &mut report));
    }
    report.into_findings()
}

fn lost(environment: &EnvironmentName, secret: &str, span: &Range<usize>, report: &mut Report<'_>) {
    let help = format!(
        "run `plimsoll secrets set {environment} {secret}`, set the variable {secret} where plimsoll is called, or take it out of the manifest"
    );
    report.error("secret-missing", span, format!("the secret {} has no value", shown(secret)), help);
}

fn place(component: &Section, secret: &str) -> Range<usize> {
    let named = component.texts("secrets").into_iter().find(|(name, _)| name == secret);
    named.map_or_else(|| component.span_of("secrets"), |(_, span)| span)
}

/// Where values come from: `over`, what the environment says, laid over `base`, what the project says.
pub(super) fn sources(base: Option<&Section>, over: Option<&Section>) -> SecretSources {
    let mut sources = SecretSources::default();
    for section in [base, over].into_iter().flatten() {
        if section.has("recipients") {
            sources.recipients = section.texts("recipients").iter().filter_map(|(text, _)| Recipient::new(text).ok()).collect();
        }
        sources.commands.extend(section.map("commands"));
        sources.command = section.text("command").or(sources.command);
    }
    sources
}

/// Says what does not fit together in all that the manifest says of sources.
pub(super) fn judge(manifest: &Section, report: &mut Report<'_>) {
    let wanted = wanted(manifest);
    let of_environments = manifest.sections("environments").filter_map(|(_, environment)| environment.section("secrets"));
    for section in manifest.section("secrets").into_iter().chain(of_environments) {
        twice(section, report);
        let commands = section.section("commands").into_iter().flat_map(|commands| &commands.entries);
        for (name, entry) in commands.filter(|(name, _)| !wanted.contains(name.as_str())) {
            let message = format!("nobody wants the secret {}", shown(name));
            report.warning(
                "unwanted-secret",
                &entry.key,
                message,
                "name it in the `secrets` of a component or as the `key` of a certificate, or remove it",
            );
        }
    }
}

/// The secrets that components and certificates want, in any environment.
fn wanted(manifest: &Section) -> BTreeSet<String> {
    let environments = || manifest.sections("environments").map(|(_, environment)| environment);
    let owners = || environments().chain([manifest]);
    let components = || owners().flat_map(|owner| owner.sections("components")).map(|(_, component)| component);
    let variables = components().flat_map(|component| component.texts("secrets")).map(|(name, _)| name);
    let routes = components().filter_map(|component| component.section("route"));
    let keys = environments().chain(routes).filter_map(|owner| owner.section("tls")?.section("key")?.text("secret"));
    let urls = manifest.sections("databases").filter_map(|(_, database)| database.section("url")?.text("secret"));
    let copies = environments().flat_map(copies::secrets);
    variables.chain(keys).chain(urls).chain(copies).collect()
}

fn twice(section: &Section, report: &mut Report<'_>) {
    let mut keys = BTreeSet::new();
    for (text, span) in section.texts("recipients") {
        let known = Recipient::new(&text).is_ok_and(|recipient| !keys.insert(recipient.key().to_owned()));
        if known {
            report.error("duplicate-recipient", &span, "this key stands here twice", "keep one of the two");
        }
    }
}
