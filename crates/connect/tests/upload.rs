//! Contents of files arrive as they are, or the reason why not.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on has failed, and what it writes is gone with it")]

#[expect(dead_code, reason = "these tests need a part of it")]
mod fake;

use std::collections::BTreeMap;
use std::path::PathBuf;

use fake::{Fake, Served};
use plimsoll_api::{HostApi, HostError};
use plimsoll_model::Digest;
use plimsoll_model::deployment::Failure;

/// Writes files of these sizes, each with a content of its own.
fn files(folder: &tempfile::TempDir, sizes: impl IntoIterator<Item = usize>) -> Vec<(Digest, PathBuf)> {
    let write = |(number, size): (usize, usize)| {
        let path = folder.path().join(format!("file-{number}"));
        let content: Vec<u8> = number.to_le_bytes().iter().copied().cycle().take(size).collect();
        std::fs::write(&path, &content).unwrap();
        (Digest::of(&content), path)
    };
    sizes.into_iter().enumerate().map(write).collect()
}

#[tokio::test]
async fn many_files_arrive_as_they_are() {
    let (served, folder) = (Served::new(Fake::default()), tempfile::tempdir().unwrap());
    let part = 256 << 10;
    let sizes = || (0..300).map(|number| number * 97).chain([part - 42, part - 41, part - 40, part, part + 1, 5 * part + 7]);
    let files = files(&folder, sizes());
    served.client().upload(files.clone()).await.unwrap();
    let expect: BTreeMap<_, _> = files.iter().map(|(digest, _)| *digest).zip(sizes().map(|size| size as u64)).collect();
    assert_eq!(*served.host.taken.lock().unwrap(), expect);
    served.client().upload(Vec::new()).await.unwrap();
}

#[tokio::test]
async fn a_file_that_changed_is_refused_by_the_host() {
    let (served, folder) = (Served::new(Fake::default()), tempfile::tempdir().unwrap());
    let files = files(&folder, [10, 20]);
    std::fs::write(&files[1].1, "other").unwrap();
    assert_eq!(served.client().upload(files).await.unwrap_err().code(), "content-differs");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named() {
    let (served, folder) = (Served::new(Fake::default()), tempfile::tempdir().unwrap());
    let missing = folder.path().join("missing");
    let files = files(&folder, [10]).into_iter().chain([(Digest::of(b"x"), missing.clone())]).collect();
    let error = served.client().upload(files).await.unwrap_err();
    assert!(error.code() == "file-unreadable" && error.to_string().contains("missing"), "{error:?}");
    assert!(!served.host.taken.lock().unwrap().contains_key(&Digest::of(b"x")));
}

#[tokio::test]
async fn a_host_that_takes_no_more_says_why() {
    let (served, folder) = (Served::new(Fake::default()), tempfile::tempdir().unwrap());
    let error = HostError::Internal(Failure::new("disk-full", "the disk is full"));
    *served.host.error.lock().unwrap() = Some(error.clone());
    let files = files(&folder, [8 << 20, 8 << 20, 8 << 20, 8 << 20]);
    let client = served.client();
    assert_eq!(client.upload(files).await.unwrap_err(), error);
    // The connection is still good for other requests.
    *served.host.error.lock().unwrap() = None;
    client.facts().await.unwrap();
}
