//! The branches and tags of a repository: read in one go, then judged.

use crate::BuildError;
use crate::git::Git;

/// All branches and tags that lead to a commit.
#[derive(Debug, Default)]
pub(crate) struct Refs {
    /// Full name and commit of each.
    all: Vec<(String, String)>,
    /// Full name of the branch that is checked out.
    checked_out: Option<String>,
}

/// Names this much alike are taken for a slip of the finger.
const ALIKE: f64 = 0.7;

impl Refs {
    /// Asks `git`.
    ///
    /// # Errors
    /// Git fails.
    pub(crate) async fn read(git: &Git) -> Result<Self, BuildError> {
        // An annotated tag is an object of its own; what stands behind `*` is what it points at.
        let format = "--format=%(HEAD)%00%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)";
        let text = git.run(&["for-each-ref", "--sort=version:refname", format, "refs/heads", "refs/remotes", "refs/tags"]).await?;
        Ok(Self::parse(&String::from_utf8_lossy(&text)))
    }

    fn parse(text: &str) -> Self {
        let mut refs = Self::default();
        for (is_checked_out, name, commit) in text.lines().filter_map(parse) {
            if is_checked_out {
                refs.checked_out = Some(name.clone());
            }
            refs.all.push((name, commit));
        }
        refs
    }

    /// The branch that is checked out. None when it has no commit, or when a commit is checked out without a branch.
    pub(crate) fn checked_out(&self) -> Option<&str> {
        self.checked_out.as_deref()?.strip_prefix("refs/heads/")
    }

    /// Whether there is neither branch nor tag: nothing was committed yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The commit at the tip of `branch`: this repository's own, else `origin`'s (a CI checkout often has no other).
    pub(crate) fn branch(&self, branch: &str) -> Option<&str> {
        self.at(&format!("refs/heads/{branch}")).or_else(|| self.at(&format!("refs/remotes/origin/{branch}")))
    }

    /// The commit that `tag` is on.
    pub(crate) fn tag(&self, tag: &str) -> Option<&str> {
        self.at(&format!("refs/tags/{tag}"))
    }

    /// The tag on `commit`; of several the one with the highest version.
    pub(crate) fn tag_on(&self, commit: &str) -> Option<&str> {
        self.all.iter().rev().filter(|(_, at)| at == commit).find_map(|(name, _)| name.strip_prefix("refs/tags/"))
    }

    /// The branch that is most like `name`.
    pub(crate) fn branch_like(&self, name: &str) -> Option<String> {
        self.like(name, &["refs/heads/", "refs/remotes/origin/"])
    }

    /// The tag that is most like `name`.
    pub(crate) fn tag_like(&self, name: &str) -> Option<String> {
        self.like(name, &["refs/tags/"])
    }

    fn at(&self, full: &str) -> Option<&str> {
        self.all.iter().find(|(name, _)| name == full).map(|(_, commit)| commit.as_str())
    }

    fn like(&self, name: &str, kinds: &[&str]) -> Option<String> {
        let short = self.all.iter().filter_map(|(full, _)| kinds.iter().find_map(|kind| full.strip_prefix(kind)));
        let scored = short.map(|short| (strsim::jaro_winkler(name, short), short)).filter(|(score, _)| *score >= ALIKE);
        scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, short)| short.to_owned())
    }
}

fn parse(line: &str) -> Option<(bool, String, String)> {
    match *line.split('\0').collect::<Vec<_>>() {
        [mark, name, "commit", commit, ..] | [mark, name, _, _, "commit", commit] => Some((mark == "*", name.to_owned(), commit.to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refs() -> Refs {
        Refs::parse(
            "*\0refs/heads/main\0commit\0c1\0\0\n \0refs/remotes/origin/dev\0commit\0c2\0\0\n \0refs/remotes/origin/main\0commit\0c9\0\0\n \
             \0refs/tags/blob\0blob\0b1\0\0\n \0refs/tags/v1.9\0tag\0t1\0commit\0c1\n \0refs/tags/v1.10\0commit\0c1\0\0",
        )
    }

    #[test]
    fn branches_and_tags_lead_to_commits() {
        let refs = refs();
        assert_eq!(refs.checked_out(), Some("main"));
        assert_eq!(refs.branch("main"), Some("c1"), "the own branch comes before origin's");
        assert_eq!(refs.branch("dev"), Some("c2"));
        assert_eq!(refs.branch("blob"), None);
        assert_eq!(refs.tag("v1.9"), Some("c1"), "an annotated tag leads to its commit");
        assert_eq!(refs.tag("blob"), None, "a tag on no commit is no source");
        assert_eq!(refs.tag_on("c1"), Some("v1.10"));
    }

    #[test]
    fn a_slip_of_the_finger_is_recognized() {
        assert_eq!(refs().branch_like("mian"), Some("main".into()));
        assert_eq!(refs().branch_like("devel"), Some("dev".into()));
        assert_eq!(refs().branch_like("zzz"), None);
        assert_eq!(refs().tag_like("1.10"), Some("v1.10".into()));
    }
}
