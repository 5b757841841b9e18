//! Dockerfiles: recognized, and not available yet.

use super::super::draft::{Folder, Found};

pub(super) fn detect(folder: &Folder<'_>) -> Found {
    if !folder.has("Dockerfile") {
        return Found::default();
    }
    let start = folder.read("Dockerfile").and_then(|text| last_start(&text)).map(|line| format!(" It starts with: {line}")).unwrap_or_default();
    let file = folder.spoken("Dockerfile");
    Found::note(format!("{file} was left out: containers are not available in this version. Write what it runs as `run`.{start}"))
}

/// The instruction that says what the image runs.
fn last_start(text: &str) -> Option<String> {
    let starts = |line: &&str| line.starts_with("CMD ") || line.starts_with("ENTRYPOINT ");
    text.lines().map(str::trim).rfind(starts).map(|line| line.chars().filter(|c| !c.is_control()).take(200).collect())
}
