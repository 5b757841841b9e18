//! Files that slots leave behind, one for each: `SLOT.EXTENSION`. Those of the last slots of a component are kept.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::{ComponentName, SlotId};

/// How many slots of a component back their files are kept.
const SLOTS_KEPT: u32 = 10;

/// The file of each slot, of `component` or of all.
pub(super) fn list(folder: &Path, extension: &str, component: Option<&ComponentName>) -> io::Result<Vec<(SlotId, PathBuf)>> {
    let mut files = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        let ours = path.extension().is_some_and(|own| own == extension);
        let Some(slot) = path.file_stem().and_then(|name| SlotId::new(name.to_str()?).ok()).filter(|_| ours) else { continue };
        if component.is_none_or(|wanted| parts(&slot).is_some_and(|(component, _)| component == *wanted)) {
            files.push((slot, path));
        }
    }
    Ok(files)
}

/// Deletes the files of slots that are long gone, counted from `slot`.
pub(super) async fn prune(folder: &Path, extension: &str, slot: &SlotId) {
    let Some((component, number)) = parts(slot) else { return };
    for (other, path) in list(folder, extension, Some(&component)).unwrap_or_default() {
        if parts(&other).is_some_and(|(_, other)| other + SLOTS_KEPT < number) {
            // It is tried again with the next slot.
            drop(tokio::fs::remove_file(path).await);
        }
    }
}

/// The component of a slot, and its number.
pub(super) fn parts(slot: &SlotId) -> Option<(ComponentName, u32)> {
    let (component, number) = slot.as_str().rsplit_once('-')?;
    Some((component.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_of_slots_long_gone_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        for number in 1..=20 {
            std::fs::write(folder.path().join(format!("web-{number}.log")), "").unwrap();
        }
        std::fs::write(folder.path().join("web-1.other"), "").unwrap();
        prune(folder.path(), "log", &"web-20".parse().unwrap()).await;
        assert_eq!(list(folder.path(), "log", None).unwrap().len(), 11);
        assert_eq!(list(folder.path(), "other", None).unwrap().len(), 1);
    }
}
