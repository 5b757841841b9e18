//! Contents: taken in, refused, read again.

use std::fs;
use std::io;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::stream;
use plimsoll_model::Digest;
use plimsoll_model::release::FileContent;
use tokio_util::io::StreamReader;

use super::{Kept, file, mode, overwrite, program, release, tree};
use crate::releases::Releases;

fn incoming(kept: &Kept) -> usize {
    fs::read_dir(kept.folders.store().join("incoming")).unwrap().count()
}

#[tokio::test]
async fn only_what_is_missing_is_asked_for() {
    let kept = Kept::new();
    let first = tree([("a", file("one")), ("b", file("two")), ("again", file("two"))]);
    let [one, two, three] = ["one", "two", "three"].map(|text| Digest::of(text.as_bytes()));
    let mut missing = kept.store.offer(&release("first", &first)).await.unwrap();
    missing.sort();
    let mut expect = [one, two];
    expect.sort();
    assert_eq!(missing, expect);

    kept.store.take(two, 3, &mut &b"two"[..]).await.unwrap();
    assert_eq!(kept.store.offer(&release("first", &first)).await.unwrap(), [one]);
    assert!(!kept.store.has(&release("first", &first).id).await.unwrap());
    kept.bring(&release("first", &first), &first).await;
    assert!(kept.store.has(&release("first", &first).id).await.unwrap());

    let second = tree([("b", file("two")), ("c", program("three"))]);
    assert_eq!(kept.store.offer(&release("second", &second)).await.unwrap(), [three]);
    assert_eq!(incoming(&kept), 0);
}

#[tokio::test]
async fn what_is_registered_stays_as_it_is() {
    let kept = Kept::new();
    let first = tree([("a", file("one"))]);
    kept.bring(&release("same", &first), &first).await;
    let other = tree([("a", file("not the same"))]);
    assert_eq!(kept.store.offer(&release("same", &other)).await.unwrap(), []);
    let place = kept.put(&release("same", &first), &first, &[]).await;
    assert_eq!(super::seen(&place), first);
}

#[tokio::test]
async fn what_is_not_as_announced_is_refused() {
    let kept = Kept::new();
    let digest = Digest::of(b"content");
    let check = async |size: u64, bytes: &[u8], why: &str| {
        let trouble = kept.store.take(digest, size, &mut &bytes[..]).await.unwrap_err();
        assert_eq!(trouble.code, "hash-mismatch");
        assert!(trouble.message.contains(why), "{trouble}");
        assert_eq!(incoming(&kept), 0, "{why}");
    };
    check(7, b"CONTENT", "its hash is").await;
    check(7, b"content and more", "longer than 7").await;
    check(7, b"cont", "4 bytes instead of 7").await;
    check(7, b"", "0 bytes instead of 7").await;
    kept.store.take(digest, 7, &mut &b"content"[..]).await.unwrap();
}

#[tokio::test]
async fn what_breaks_off_leaves_nothing() {
    let kept = Kept::new();
    let parts = [Ok(Bytes::from_static(b"cont")), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    let mut content = StreamReader::new(stream::iter(parts));
    let trouble = kept.store.take(Digest::of(b"content"), 7, &mut content).await.unwrap_err();
    assert_eq!((trouble.code.as_str(), incoming(&kept)), ("upload-broken", 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_come_at_once() {
    let kept = Kept::new();
    let large = vec![7_u8; 3_000_000];
    let contents: Vec<Vec<u8>> = (0..20_u8).map(|n| vec![n / 2; 1000]).chain([large.clone(), large, Vec::new()]).collect();
    let take = async |content: &Vec<u8>| kept.store.take(Digest::of(content), content.len() as u64, &mut &content[..]).await;
    for taken in join_all(contents.iter().map(take)).await {
        taken.unwrap();
    }
    assert_eq!(incoming(&kept), 12);
}

#[tokio::test]
async fn a_release_that_does_not_fit_is_refused_before_it_is_sent() {
    let kept = Kept::new();
    let mut large = release("large", &tree([("a", file("x"))]));
    let FileContent::File { size, .. } = &mut large.files[0].content else { panic!("it is a file") };
    *size = 1 << 60;
    let trouble = kept.store.offer(&large).await.unwrap_err();
    assert_eq!(trouble.code, "disk-full");
    assert!(trouble.message.contains("bytes free") && trouble.help.is_some(), "{trouble}");
    let free = kept.store.disk_free_bytes();
    assert!(free > 0 && free < 1 << 60);
}

#[tokio::test]
async fn a_flipped_byte_is_found() {
    let kept = Kept::new();
    let content = tree([("a", file("one")), ("b", file("two")), ("d/run", program("two"))]);
    let release = release("one", &content);
    kept.bring(&release, &content).await;
    assert_eq!(kept.store.verify(&release.id).await.unwrap(), []);

    let run = kept.stored(b"two").into_iter().find(|path| mode(path) == 0o555).unwrap();
    overwrite(&run, b"twO");
    assert_eq!(kept.store.verify(&release.id).await.unwrap(), super::paths(&["d/run"]));
    fs::remove_file(&kept.stored(b"one")[0]).unwrap();
    assert_eq!(kept.store.verify(&release.id).await.unwrap(), super::paths(&["a", "d/run"]));
}

#[tokio::test]
async fn a_lost_file_is_asked_for_again() {
    let kept = Kept::new();
    let content = tree([("a", file("one")), ("b", file("two"))]);
    let release = release("one", &content);
    kept.bring(&release, &content).await;
    fs::remove_file(&kept.stored(b"one")[0]).unwrap();
    assert!(!kept.store.has(&release.id).await.unwrap());
    assert_eq!(kept.store.offer(&release).await.unwrap(), [Digest::of(b"one")]);
    kept.bring(&release, &content).await;
    assert!(kept.store.has(&release.id).await.unwrap());
}
