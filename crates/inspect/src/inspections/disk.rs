//! Room for releases, records and logs: bytes, and files.

use plimsoll_model::finding::Finding;

use crate::{Case, Disk};

/// With less than this nothing can be deployed, in bytes.
const NEEDED: u64 = 100 << 20;

/// With less than this it will not be long, in bytes.
const WANTED: u64 = 1 << 30;

/// Of all files that a disk takes, so many should be left: one in so many.
const FILES_WANTED: u64 = 20;

/// With fewer than this nothing can be deployed.
const FILES_NEEDED: u64 = 1_000;

const HELP: &str = "make room: see what takes it with `du -xh -d2 / | sort -h | tail`, and keep fewer releases (`keep_releases` in the manifest)";

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let Some(disk) = case.facts.disk else { return Vec::new() };
    bytes(case, disk).into_iter().chain(files(case, disk)).collect()
}

fn bytes(case: &Case<'_>, Disk { bytes, free_bytes, .. }: Disk) -> Option<Finding> {
    let message = format!("{} MB of {} MB are free on the disk of the host's folder", free_bytes >> 20, bytes >> 20);
    match free_bytes {
        ..NEEDED => Some(case.error("disk-full", message, HELP)),
        // A small disk that is nearly empty is none to complain of.
        NEEDED..WANTED if free_bytes < bytes / 4 => Some(case.warning("disk-filling", message, HELP)),
        _ => None,
    }
}

fn files(case: &Case<'_>, Disk { files, free_files, .. }: Disk) -> Option<Finding> {
    let message = format!("the disk of the host's folder takes {free_files} more files of {files} in all (inodes)");
    if files == 0 {
        None
    } else if free_files < FILES_NEEDED {
        Some(case.error("inodes-used-up", message, HELP))
    } else {
        (free_files < files / FILES_WANTED).then(|| case.warning("inodes-used-up", message, HELP))
    }
}
