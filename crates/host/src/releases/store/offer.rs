//! Registering releases.
//!
//! A release is registered only after all of its files are on the disk for certain: contents are taken in without waiting
//! for the disk, and settled together here, before they get their place in the store.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use plimsoll_model::Digest;
use plimsoll_model::release::ReleaseManifest;

use super::blob::{Blob, blobs, fits, incoming};
use super::fault::Fault;
use super::{Shelf, catalog, durable, judge, tree};

/// Answers which contents are missing; registers the release when none is. What is registered and whole stays as it is.
pub(super) fn offer(shelf: &Shelf, release: &ReleaseManifest) -> Result<Vec<Digest>, Fault> {
    judge::judge(release, &[])?;
    let _changing = shelf.change();
    if catalog::find(shelf, &release.id)?.is_some_and(|there| catalog::is_whole(shelf, &there)) {
        return Ok(Vec::new());
    }
    let blobs = blobs(release);
    let missing = missing(shelf, &blobs);
    if !missing.is_empty() {
        judge_room(shelf, missing.values().copied())?;
        shelf.offered().insert(release.id, release.clone());
        return Ok(missing.into_keys().collect());
    }
    promote(shelf, &blobs)?;
    plimsoll_crashpoint::reach!("host: release of {} taken in, not registered", release.component);
    catalog::register(shelf, release)?;
    shelf.offered().remove(&release.id);
    Ok(Vec::new())
}

/// A content that is there with the other mode is not missing: it can be copied here.
fn missing(shelf: &Shelf, blobs: &BTreeMap<Blob, u64>) -> BTreeMap<Digest, u64> {
    let is_there = |blob: Blob, size| blob.is_there(shelf, size) || blob.twin().is_there(shelf, size) || fits(&incoming(shelf, blob.digest), size);
    blobs.iter().filter(|(blob, size)| !is_there(**blob, **size)).map(|(blob, size)| (blob.digest, *size)).collect()
}

/// Better told before anything was sent than after most of it.
fn judge_room(shelf: &Shelf, sizes: impl Iterator<Item = u64>) -> Result<(), Fault> {
    let path = shelf.folders.store();
    let (needed, free) = (sizes.fold(0, u64::saturating_add), durable::free_bytes(&path));
    if needed > free { Err(Fault::Full { path, needed, free }) } else { Ok(()) }
}

/// Gives each content its place in the store.
fn promote(shelf: &Shelf, blobs: &BTreeMap<Blob, u64>) -> Result<(), Fault> {
    let lacking: BTreeSet<Blob> = blobs.iter().filter(|(blob, size)| !blob.is_there(shelf, **size)).map(|(blob, _)| *blob).collect();
    let mut ready = Vec::new();
    for blob in &lacking {
        let from = fetch(shelf, *blob, blobs[blob], lacking.contains(&blob.twin()))?;
        tree::set_mode(&from, blob.mode())?;
        ready.push((from, blob.path(shelf)));
    }
    let froms: Vec<PathBuf> = ready.iter().map(|(from, _)| from.clone()).collect();
    durable::settle(&froms)?;
    move_in(shelf, &ready)
}

/// A file outside the store that has the content of `blob` and may be moved. With `both`, its twin needs one too.
fn fetch(shelf: &Shelf, blob: Blob, size: u64, both: bool) -> Result<PathBuf, Fault> {
    let taken = incoming(shelf, blob.digest);
    let is_taken = fits(&taken, size);
    if is_taken && !(both && blob.executable) {
        return Ok(taken);
    }
    let source = if is_taken { taken } else { blob.twin().path(shelf) };
    let copy = shelf.incoming().join(shelf.temporary());
    copy_file(&source, &copy)?;
    Ok(copy)
}

/// Copies the content of a file; where the file system can share it between the two, it does.
pub(super) fn copy_file(from: &Path, to: &Path) -> Result<(), Fault> {
    let mut source = File::open(from).map_err(Fault::io("read", from))?;
    let mut copy = File::create_new(to).map_err(Fault::io("make", to))?;
    std::io::copy(&mut source, &mut copy).map_err(Fault::io("write", to))?;
    Ok(())
}

fn move_in(shelf: &Shelf, ready: &[(PathBuf, PathBuf)]) -> Result<(), Fault> {
    let folders: BTreeSet<&Path> = ready.iter().filter_map(|(_, to)| to.parent()).collect();
    folders.iter().try_for_each(|folder| tree::make(folder))?;
    for (from, to) in ready {
        fs::rename(from, to).map_err(Fault::io("write", to))?;
    }
    let mut touched: Vec<PathBuf> = folders.into_iter().map(Path::to_owned).collect();
    touched.push(shelf.files());
    durable::settle(&touched)
}
