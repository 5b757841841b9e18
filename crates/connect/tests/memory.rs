//! Uploading takes no more memory for large files. Alone in its program, as it measures the whole of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "these tests need a part of it")]
mod fake;

use std::io::Write;

use fake::{Fake, Served};
use plimsoll_api::HostApi;
use plimsoll_model::Digest;

const FILE: usize = 64 << 20;

/// Largest memory that this process had so far, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

#[tokio::test]
async fn a_large_file_is_never_held_as_a_whole() {
    let (served, folder) = (Served::new(Fake::default()), tempfile::tempdir().unwrap());
    let path = folder.path().join("large");
    let (mut file, mut hasher) = (std::fs::File::create(&path).unwrap(), blake3::Hasher::new());
    for number in 0..FILE >> 20 {
        let part = vec![number as u8; 1 << 20];
        file.write_all(&part).unwrap();
        hasher.update(&part);
    }
    let digest = Digest::from(hasher.finalize());
    let before = peak();
    served.client().upload(vec![(digest, path)]).await.unwrap();
    assert_eq!(served.host.taken.lock().unwrap().get(&digest), Some(&(FILE as u64)));
    let more = peak() - before;
    assert!(more < FILE / 2, "{more} bytes more for a file of {FILE}");
}
