//! The project that an operation is about: its manifest, read for one environment.

mod disk;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use plimsoll_model::finding::{Finding, Severity};
use plimsoll_model::manifest::project::Project;
use plimsoll_model::manifest::{self, MAX_BYTES};
use plimsoll_model::{EnvironmentKey, EnvironmentName};

pub(crate) use disk::Disk;

use crate::{Context, Exit, OpError};

/// What the manifest is called.
pub(crate) const MANIFEST: &str = "plimsoll.toml";

/// A project as one environment sees it, with the text that it was read from.
pub(crate) struct Loaded {
    /// The project.
    pub(crate) project: Project,
    /// Its manifest.
    pub(crate) text: String,
}

impl Loaded {
    /// What hosts call this environment of this project.
    pub(crate) fn key(&self) -> EnvironmentKey {
        EnvironmentKey { project: self.project.name.clone(), environment: self.project.environment.name.clone() }
    }
}

/// Reads the project for one environment.
pub(crate) fn load(context: &Context, environment: &EnvironmentName) -> Result<Loaded, OpError> {
    let text = read(context)?;
    let project = manifest::read(&text, MANIFEST, environment).map_err(invalid)?;
    Ok(Loaded { project, text })
}

/// Judges the folders and files that the manifest speaks of, as they are below `root`.
pub(crate) fn judge_files(loaded: &Loaded, root: &Path) -> Result<(), OpError> {
    let findings = manifest::judge_tree(&loaded.text, MANIFEST, &loaded.project, &Disk::new(root));
    let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
    if wrong { Err(invalid(findings)) } else { Ok(()) }
}

/// The manifest's text.
pub(crate) fn read(context: &Context) -> Result<String, OpError> {
    let path = path(context);
    let length = std::fs::metadata(&path).map(|file| file.len());
    let text = match length {
        // A file that is far too long is judged by its beginning: that it is too long.
        Ok(length) if length > MAX_BYTES as u64 => Ok(" ".repeat(MAX_BYTES + 1)),
        Ok(_) => std::fs::read_to_string(&path),
        Err(error) => Err(error),
    };
    text.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => OpError::new(Exit::Manifest, "manifest-missing", format!("there is no {}", path.display()))
            .with_help("write one: `plimsoll init` makes a first draft; or name the project's folder with -C DIR"),
        _ => OpError::new(Exit::Manifest, "manifest-unreadable", format!("{} cannot be read: {error}", path.display()))
            .with_help("it must be a text file in UTF-8 that you may read"),
    })
}

/// Where the manifest lies.
pub(crate) fn path(context: &Context) -> PathBuf {
    context.project.join(MANIFEST)
}

/// The error for a manifest with mistakes.
pub(crate) fn invalid(findings: Vec<Finding>) -> OpError {
    let errors: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
    let code = match errors.as_slice() {
        [only] if only.place.is_none() => only.code.clone(),
        _ => "manifest-invalid".into(),
    };
    let file = |finding: &Finding| finding.place.as_ref().map_or(MANIFEST.to_owned(), |place| place.file.clone());
    let files: BTreeSet<String> = errors.iter().map(|finding| file(finding)).collect();
    let message = match (errors.as_slice(), files.first()) {
        ([only], _) => format!("{}: {}", file(only), only.message),
        (_, Some(file)) if files.len() == 1 => format!("{file} has {} mistakes", errors.len()),
        _ => format!("{MANIFEST} and what belongs to it have {} mistakes", errors.len()),
    };
    let help = if let [only] = errors.as_slice() { only.help.clone() } else { None };
    OpError { help, findings, ..OpError::new(Exit::Manifest, code, message) }
}
