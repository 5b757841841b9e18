//! Reading a manifest: for one environment, or for all of them at once.

use std::collections::BTreeSet;

use super::document::Document;
use super::environment::LOCAL;
use super::project::Project;
use super::report::Report;
use super::section::Section;
use super::{assemble, document};
use crate::EnvironmentName;
use crate::finding::Finding;

/// The largest manifest that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// Reads the manifest `text` as `environment` sees it. `file` is what findings call it.
///
/// # Errors
/// All that is wrong with it, from its top to its end: [`Severity::Error`](crate::finding::Severity) at least once.
/// A manifest that only earns warnings is read; [`judge`] tells them.
pub fn read(text: &str, file: &str, environment: &EnvironmentName) -> Result<Project, Vec<Finding>> {
    let mut report = Report::new(text, file);
    let project = sound(text, &mut report).and_then(|manifest| assemble::project(&manifest, environment, &mut report));
    match project {
        Some(project) if !report.has_errors() => Ok(project),
        _ => Err(report.into_findings()),
    }
}

/// All findings for the manifest `text`, in every environment that it names and in `local`.
#[must_use]
pub fn judge(text: &str, file: &str) -> Vec<Finding> {
    let mut report = Report::new(text, file);
    if let Some(manifest) = sound(text, &mut report) {
        for environment in names(&manifest) {
            assemble::project(&manifest, &environment, &mut report);
        }
    }
    report.into_findings()
}

/// The environments of the manifest `text`, `local` among them, by name. What cannot be read is left out.
#[must_use]
pub fn environments(text: &str) -> BTreeSet<EnvironmentName> {
    let mut report = Report::new(text, "");
    small(text, &mut report).map(|document| names(&document.manifest)).unwrap_or_default()
}

/// The manifest, when the text is TOML: how its parts fit together is not judged while some were not understood.
fn sound(text: &str, report: &mut Report<'_>) -> Option<Section> {
    small(text, report).filter(|document| document.sound).map(|document| document.manifest)
}

fn small(text: &str, report: &mut Report<'_>) -> Option<Document> {
    if text.len() <= MAX_BYTES {
        return Some(document::document(text, report));
    }
    let message = format!("the manifest has {} bytes, and at most {MAX_BYTES} are read", text.len());
    report.error("manifest-too-large", &(0..0), message, "move what is no setting out of it");
    None
}

fn names(manifest: &Section) -> BTreeSet<EnvironmentName> {
    let named = manifest.sections("environments").map(|(name, _)| name);
    named.chain([LOCAL]).filter_map(|name| EnvironmentName::new(name).ok()).collect()
}
