//! Large files of which a host has something already.

use plimsoll_api::wire::piece::{Place, Search, cut};
use plimsoll_model::Digest;

use super::{Kept, Node, Tree, release, tree};
use crate::releases::Releases;

/// Bytes that do not repeat, other ones for each `seed`.
fn noise(seed: &str, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new().update(seed.as_bytes()).finalize_xof().fill(&mut bytes);
    bytes
}

fn large(path: &str, content: &[u8]) -> Tree {
    tree([(path, Node::File(content.to_vec(), true))])
}

fn search(content: &[u8]) -> Search {
    let size = content.len() as u64;
    let pieces = cut(content, size).map(|piece| piece.unwrap().digest).collect();
    Search { file: Digest::of(content), size, pieces }
}

/// How many bytes of a content the host has, each of them compared.
async fn has(kept: &Kept, content: &[u8]) -> usize {
    let places = kept.store.places(search(content)).await.unwrap();
    let mut has = 0;
    for (piece, place) in cut(content, content.len() as u64).zip(places) {
        let (piece, Some(place)) = (piece.unwrap(), place) else { continue };
        let from = usize::try_from(piece.offset).unwrap();
        let lies = kept.store.piece(Digest::of(content), place, piece.length).await.unwrap();
        assert_eq!(&lies[..], &content[from..from + lies.len()]);
        has += lies.len();
    }
    has
}

#[tokio::test]
async fn what_the_release_before_has_at_the_same_path_is_found() {
    let kept = Kept::new();
    let before = noise("before", 4 << 20);
    kept.bring(&release("first", &large("bin/program", &before)), &large("bin/program", &before)).await;
    let after = [&before[..1 << 20], b"a change", &before[1 << 20..], &noise("more", 100)].concat();
    for (path, least, most) in [("bin/program", 3 << 20, 4 << 20), ("bin/other", 0, 0)] {
        let kept_before = has(&kept, &after).await;
        assert_eq!(kept_before, 0, "nobody has offered it");
        let tree = large(path, &after);
        assert_eq!(kept.store.offer(&release(path, &tree)).await.unwrap(), [Digest::of(&after)]);
        let found = has(&kept, &after).await;
        assert!((least..=most).contains(&found), "{path}: {found}");
        kept.store.shelf.offered().clear();
    }
}

#[tokio::test]
async fn what_arrived_before_a_cut_is_found_until_all_is_there() {
    let kept = Kept::new();
    let content = noise("content", 4 << 20);
    let digest = Digest::of(&content);
    assert_eq!(has(&kept, &content).await, 0);
    let trouble = kept.store.take(digest, content.len() as u64, &mut &content[..3 << 20]).await.unwrap_err();
    assert_eq!(trouble.code, "hash-mismatch");
    let found = has(&kept, &content).await;
    assert!((5 << 19..=3 << 20).contains(&found), "{found}");
    kept.store.take(digest, content.len() as u64, &mut &content[..]).await.unwrap();
    assert_eq!(has(&kept, &content).await, 0, "it is not missing any more");
}

#[tokio::test]
async fn what_is_not_there_any_more_is_said() {
    let kept = Kept::new();
    let place = Place { base: Digest::of(b"gone"), offset: 0 };
    let trouble = kept.store.piece(Digest::of(b"file"), place, 10).await.unwrap_err();
    assert_eq!(trouble.code, "hash-mismatch");
    let small = large("a", b"0123456789");
    kept.bring(&release("small", &small), &small).await;
    for (offset, length) in [(5, 6), (11, 1), (u64::MAX, 1)] {
        let place = Place { base: Digest::of(b"0123456789"), offset };
        assert!(kept.store.piece(Digest::of(b"file"), place, length).await.is_err(), "{offset} {length}");
    }
}
