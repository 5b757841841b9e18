//! Histories that once failed, kept to be played again: what is rare among the seeds is met in each run all the same.

use std::path::Path;

use crate::Scenario;

/// All of them, by the names of their files.
///
/// # Errors
/// When one cannot be read; says which.
pub fn all() -> Result<Vec<(String, Scenario)>, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let wrong = |path: &Path, why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let files = folder.read_dir().map_err(|error| wrong(&folder, &error))?;
    let mut kept = Vec::new();
    for file in files {
        let path = file.map_err(|error| wrong(&folder, &error))?.path();
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(&path, &error))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        kept.push((name, serde_json::from_str(&text).map_err(|error| wrong(&path, &error))?));
    }
    kept.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(kept)
}
