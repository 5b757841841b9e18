//! Judging links: whether each leads to a place inside the release, through whatever other links.

use std::collections::{BTreeMap, VecDeque};

/// More links than this on one way is a circle.
const MOST_HOPS: usize = 40;

/// Why `path`, one of `links` (path to target, both within the release), cannot be in a release. None when it can.
/// A link to what is not there is fine: it may come to be on the host.
pub(crate) fn judge(path: &str, links: &BTreeMap<String, String>) -> Option<String> {
    let mut here: Vec<&str> = path.split('/').collect();
    let last = here.pop()?;
    let mut ahead = VecDeque::from([last]);
    let mut hops = 0;
    while let Some(part) = ahead.pop_front() {
        match part {
            "" | "." => continue,
            ".." => match here.pop() {
                Some(_) => continue,
                None => return Some("this link leads out of the release".into()),
            },
            name => here.push(name),
        }
        let Some(target) = links.get(&here.join("/")) else { continue };
        hops += 1;
        if target.starts_with('/') {
            return Some(format!("this link leads out of the release, to {}", target.escape_debug()));
        }
        if hops > MOST_HOPS {
            return Some("this link leads in a circle".into());
        }
        here.pop();
        target.rsplit('/').for_each(|part| ahead.push_front(part));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(links: &[(&str, &str)], fine: &[&str], leads_out: &[&str]) {
        let links: BTreeMap<String, String> = links.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        for path in fine {
            assert_eq!(judge(path, &links), None, "{path}");
        }
        for path in leads_out {
            assert!(judge(path, &links).is_some(), "{path}");
        }
    }

    #[test]
    fn links_stay_inside() {
        check(&[("a", "b"), ("c/d", "../e"), ("f", "./g/h")], &["a", "c/d", "f"], &[]);
        check(&[("a", "/etc/passwd"), ("b", ".."), ("c/d", "../../e")], &[], &["a", "b", "c/d"]);
    }

    #[test]
    fn the_way_through_other_links_counts() {
        check(&[("d/e/x", "../../top"), ("y", "d/e/x/../.."), ("z", "d/e/x/inner")], &["d/e/x", "z"], &["y"]);
        check(&[("deep", "a/b/c"), ("up", "deep/../../..")], &["deep", "up"], &[]);
        check(&[("deep", "a/b/c"), ("out", "deep/../../../..")], &["deep"], &["out"]);
    }

    #[test]
    fn circles_end() {
        check(&[("a", "b"), ("b", "a"), ("self", "self/x")], &[], &["a", "b", "self"]);
    }
}
