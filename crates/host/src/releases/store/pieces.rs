//! Pieces of a large file that lie here already: in the file that was at its place in releases before, or in what arrived of it itself.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use bytes::Bytes;
use plimsoll_api::wire::piece::{Place, Search, cut};
use plimsoll_model::release::{FileContent, ReleaseManifest};
use plimsoll_model::{Digest, RelPath};

use super::blob::{Blob, part};
use super::fault::Fault;
use super::{Shelf, catalog};

/// How many of the newest releases of a component are searched.
const BASES: usize = 2;

/// Where each piece lies, if it does.
pub(super) fn places(shelf: &Shelf, search: &Search) -> Result<Vec<Option<Place>>, Fault> {
    let _relying = shelf.rely();
    let mut found: HashMap<Digest, Place> = HashMap::new();
    for base in bases(shelf, search.file)? {
        let Some(content) = open(shelf, search.file, base) else { continue };
        // A file that cannot be read to its end is of use as far as it can be read.
        for piece in cut(content, search.size).map_while(Result::ok) {
            found.entry(piece.digest).or_insert(Place { base, offset: piece.offset });
        }
    }
    Ok(search.pieces.iter().map(|piece| found.get(piece).copied()).collect())
}

/// What lies at a place.
pub(super) fn read(shelf: &Shelf, file: Digest, place: Place, length: u32) -> Result<Bytes, Fault> {
    let gone = || Fault::PieceGone { file };
    let content = open(shelf, file, place.base).ok_or_else(gone)?;
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
    content.read_exact_at(&mut bytes, place.offset).map_err(|_| gone())?;
    Ok(bytes.into())
}

/// The files in which pieces of a file may lie, the likeliest first.
fn bases(shelf: &Shelf, file: Digest) -> Result<Vec<Digest>, Fault> {
    let offered = shelf.offered().values().find_map(|release| Some((release.component.clone(), place_of(release, file)?)));
    let Some((component, path)) = offered else { return Ok(vec![file]) };
    let before = catalog::newest(shelf, &component)?.filter_map(|release| release.map(|release| at(&release, &path)).transpose());
    let before = before.take(BASES).collect::<Result<Vec<_>, _>>()?;
    Ok([file].into_iter().chain(before).collect())
}

fn place_of(release: &ReleaseManifest, file: Digest) -> Option<RelPath> {
    let is_it = |content: &FileContent| matches!(content, FileContent::File { digest, .. } if *digest == file);
    release.files.iter().find(|entry| is_it(&entry.content)).map(|entry| entry.path.clone())
}

fn at(release: &ReleaseManifest, path: &RelPath) -> Option<Digest> {
    match release.files.iter().find(|entry| entry.path == *path)?.content {
        FileContent::File { digest, .. } => Some(digest),
        FileContent::Link { .. } => None,
    }
}

/// A content of the store, or what arrived of `file` itself.
fn open(shelf: &Shelf, file: Digest, base: Digest) -> Option<File> {
    let blob = Blob { digest: base, executable: false };
    let paths: Vec<PathBuf> = if base == file { vec![part(shelf, file)] } else { vec![blob.path(shelf), blob.twin().path(shelf)] };
    paths.iter().find_map(|path| File::open(path).ok())
}
