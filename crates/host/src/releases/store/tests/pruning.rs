//! Deleting what nothing needs.

use super::{Kept, file, key, own, program, release, seen, tree, web};
use crate::releases::Releases;

#[tokio::test]
async fn what_another_release_needs_stays() {
    let kept = Kept::new();
    let old = tree([("a", file("both")), ("b", file("old only")), ("c", program("mode"))]);
    let new = tree([("a", file("both")), ("c", file("mode"))]);
    kept.bring(&release("old", &old), &old).await;
    kept.bring(&release("new", &new), &new).await;
    kept.store.prune(&release("old", &old).id).await.unwrap();
    kept.store.prune(&release("old", &old).id).await.unwrap();

    assert!(!kept.store.has(&release("old", &old).id).await.unwrap());
    assert_eq!(kept.store.verify(&release("new", &new).id).await.unwrap(), []);
    assert_eq!([&b"both"[..], b"old only", b"mode"].map(|content| kept.stored(content).len()), [1, 0, 1]);

    kept.store.prune(&release("new", &new).id).await.unwrap();
    assert_eq!(kept.stored(b"both").len(), 0);
}

#[tokio::test]
async fn what_is_laid_out_anywhere_stays() {
    let kept = Kept::new();
    let content = tree([("a", file("x"))]);
    let one = release("one", &content);
    kept.bring(&one, &content).await;
    kept.store.stage(&key("production"), &web(), &one.id, own(&[])).await.unwrap();
    kept.store.prune(&one.id).await.unwrap();
    assert!(kept.store.has(&one.id).await.unwrap());

    kept.store.unstage(&key("production"), &web(), &one.id).await.unwrap();
    kept.store.prune(&one.id).await.unwrap();
    assert!(!kept.store.has(&one.id).await.unwrap());
}

#[tokio::test]
async fn what_was_offered_is_not_taken_from_under_it() {
    let kept = Kept::new();
    let old = tree([("a", program("both"))]);
    let new = tree([("a", file("both")), ("b", file("more"))]);
    kept.bring(&release("old", &old), &old).await;
    assert_eq!(kept.store.offer(&release("new", &new)).await.unwrap().len(), 1);
    kept.store.prune(&release("old", &old).id).await.unwrap();
    kept.store.take(plimsoll_model::Digest::of(b"more"), 4, &mut &b"more"[..]).await.unwrap();
    assert_eq!(kept.store.offer(&release("new", &new)).await.unwrap(), []);
    let place = kept.put(&release("new", &new), &new, &[]).await;
    assert_eq!(seen(&place), new);
}
