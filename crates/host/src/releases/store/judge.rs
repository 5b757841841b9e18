//! Whether a release may be laid out: whoever made its manifest must not reach anything outside of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_model::release::{FileContent, ReleaseManifest};
use plimsoll_model::{Digest, RelPath};

use super::fault::Fault;

/// More links than this on one way is a circle.
const MOST_HOPS: usize = 40;

/// Refuses a release with a path twice, with something below a file or a link, with a link that leads out, or with one
/// content of two lengths. `shared` are the paths that will lead to folders outside.
pub(super) fn judge(release: &ReleaseManifest, shared: &[RelPath]) -> Result<(), Fault> {
    let judgement = judge_places(release, shared).and_then(|()| judge_links(release, shared)).and_then(|()| judge_sizes(release));
    judgement.map_err(|(path, why)| Fault::Hostile { release: release.id, path, why: why.into() })
}

/// A path, and what stands against it.
type Judgement = Result<(), (String, &'static str)>;

fn judge_places(release: &ReleaseManifest, shared: &[RelPath]) -> Judgement {
    let mut paths = BTreeSet::new();
    for path in release.files.iter().map(|entry| entry.path.as_str()) {
        match path {
            "." => return Err((path.to_owned(), "a file cannot take the place of the release itself")),
            path if !paths.insert(path) => return Err((path.to_owned(), "it is there twice")),
            _ => {}
        }
    }
    if let Some(path) = shared.iter().find(|path| path.as_str() == ".") {
        return Err((path.to_string(), "the whole release cannot be shared"));
    }
    let all = paths.iter().copied().chain(shared.iter().map(RelPath::as_str));
    match all.into_iter().find(|path| parents(path).any(|parent| paths.contains(parent))) {
        Some(path) => Err((path.to_owned(), "it lies below a file or a link")),
        None => Ok(()),
    }
}

/// `a/b/c` is below `a/b` and `a`.
pub(super) fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.rmatch_indices('/').map(|(end, _)| &path[..end])
}

fn judge_links(release: &ReleaseManifest, shared: &[RelPath]) -> Judgement {
    let link = |content: &FileContent| if let FileContent::Link { target } = content { Some(target.clone()) } else { None };
    let links: HashMap<&str, String> = release.files.iter().filter_map(|entry| Some((entry.path.as_str(), link(&entry.content)?))).collect();
    let shared: BTreeSet<&str> = shared.iter().map(RelPath::as_str).collect();
    for (path, target) in &links {
        judge_target(target).and_then(|()| follow(path, &links, &shared)).map_err(|why| ((*path).to_owned(), why))?;
    }
    Ok(())
}

fn judge_target(target: &str) -> Result<(), &'static str> {
    match target {
        "" => Err("the link leads nowhere"),
        target if target.len() > 4095 || target.chars().any(char::is_control) => Err("the target of the link is malformed"),
        _ => Ok(()),
    }
}

/// Goes where the link at `path` leads, through other links too, as the file system would.
fn follow(path: &str, links: &HashMap<&str, String>, shared: &BTreeSet<&str>) -> Result<(), &'static str> {
    let (mut here, mut ahead): (Vec<&str>, Vec<&str>) = (Vec::new(), path.rsplit('/').collect());
    let mut hops = 0;
    while let Some(part) = ahead.pop() {
        match part {
            "" | "." => continue,
            // Above a shared folder is not the release any more.
            ".." if is_shared(&here, shared) || here.pop().is_none() => return Err("the link leads out of the release"),
            ".." => continue,
            name => here.push(name),
        }
        let Some(target) = links.get(here.join("/").as_str()) else { continue };
        hops += 1;
        if target.starts_with('/') || hops > MOST_HOPS {
            return Err(if hops > MOST_HOPS { "the link leads in a circle" } else { "the link leads out of the release" });
        }
        here.pop();
        ahead.extend(target.rsplit('/'));
    }
    Ok(())
}

fn is_shared(here: &[&str], shared: &BTreeSet<&str>) -> bool {
    (1..=here.len()).any(|depth| shared.contains(here[..depth].join("/").as_str()))
}

fn judge_sizes(release: &ReleaseManifest) -> Judgement {
    let mut sizes: BTreeMap<Digest, u64> = BTreeMap::new();
    for entry in &release.files {
        let FileContent::File { digest, size, .. } = &entry.content else { continue };
        if *sizes.entry(*digest).or_insert(*size) != *size {
            return Err((entry.path.to_string(), "another file has the same hash and another length"));
        }
    }
    Ok(())
}
