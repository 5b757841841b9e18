//! The arguments that say what is deployed, for every command that takes them.

use plimsoll_ops::Wanted;

/// What is deployed, when it is not what the environment takes by default.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct Source {
    /// The tip of a branch
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// A commit, in any way in which git can name one
    #[arg(long, value_name = "COMMIT")]
    commit: Option<String>,
    /// The commit that a tag is on
    #[arg(long, value_name = "NAME")]
    tag: Option<String>,
    /// The work tree, with what is not committed
    #[arg(long)]
    dirty: bool,
}

impl From<Source> for Wanted {
    fn from(source: Source) -> Self {
        let named = source.branch.map(Self::Branch).or(source.commit.map(Self::Commit)).or(source.tag.map(Self::Tag));
        named.unwrap_or(if source.dirty { Self::WorkTree } else { Self::Default })
    }
}
