//! Manifests that want to reach what is not theirs.

use plimsoll_model::release::{FileContent, ReleaseManifest};

use super::super::judge::judge;
use super::{Kept, Node, entry, file, link, paths, release, tree};
use crate::releases::Releases;

fn of(entries: &[(&str, Node)]) -> ReleaseManifest {
    let files = entries.iter().map(|(path, node)| entry(path, node)).collect();
    ReleaseManifest { files, ..release("hostile", &tree([])) }
}

fn check(entries: &[(&str, Node)], shared: &[&str], refused: Option<&str>) {
    let trouble = judge(&of(entries), &paths(shared)).map_err(super::super::fault::Fault::into_trouble).err();
    match (trouble, refused) {
        (None, None) => {}
        (Some(trouble), Some(why)) if trouble.code == "release-hostile" && trouble.message.contains(why) => {}
        (trouble, expect) => panic!("{entries:?} with {shared:?}: {trouble:?} instead of {expect:?}"),
    }
}

#[test]
fn places() {
    let x = || file("x");
    check(&[("a", x()), ("b/c", x()), ("b/d", link("c")), ("ab", x())], &["data", "b/data", "data/inner"], None);
    check(&[(".", x())], &[], Some("the place of the release itself"));
    check(&[("a/b", x()), ("a/b", x())], &[], Some("it is there twice"));
    check(&[("a", x()), ("a/b/c", x())], &[], Some("below a file or a link"));
    check(&[("a/b/c", x()), ("a", link("d"))], &[], Some("below a file or a link"));
    check(&[("a", x())], &["."], Some("cannot be shared"));
    check(&[("a", x())], &["a/data"], Some("below a file or a link"));
    check(&[("a", x())], &["a"], None);
}

#[test]
fn links() {
    const OUT: Option<&str> = Some("leads out");
    check(&[("a/b/l", link("../../c")), ("bin/m", link("../a/b/l")), ("n", link("."))], &[], None);
    check(&[("l", link("/etc/passwd"))], &[], OUT);
    check(&[("l", link(".."))], &[], OUT);
    check(&[("a/l", link("../../x"))], &[], OUT);
    check(&[("a/l", link("b/../../../x"))], &[], OUT);
    check(&[("l", link(""))], &[], Some("leads nowhere"));
    check(&[("l", link("a\nb"))], &[], Some("malformed"));
    check(&[("l", link("m")), ("m", link("l"))], &[], Some("circle"));
    // Taken by its letters `y` stays inside; going through `d/e/top`, which is the release itself, it does not.
    check(&[("d/e/top", link("../..")), ("y", link("d/e/top/../x"))], &[], OUT);
    check(&[("d/e/top", link("../..")), ("y", link("d/e/top/d/../x"))], &[], None);
    // Above a shared folder is the host's.
    check(&[("l", link("data/x"))], &["data"], None);
    check(&[("l", link("data/../x"))], &["data"], OUT);
    check(&[("l", link("data/x/../../y"))], &["data"], OUT);
}

#[test]
fn sizes() {
    let mut two = of(&[("a", file("x")), ("b", file("x"))]);
    let FileContent::File { size, .. } = &mut two.files[1].content else { panic!("it is a file") };
    *size += 1;
    assert!(judge(&two, &[]).is_err());
}

#[tokio::test]
async fn a_hostile_release_is_not_even_registered() {
    let kept = Kept::new();
    let hostile = of(&[("l", link("/etc"))]);
    assert_eq!(kept.store.offer(&hostile).await.unwrap_err().code, "release-hostile");
    assert!(!kept.store.has(&hostile.id).await.unwrap());
}
