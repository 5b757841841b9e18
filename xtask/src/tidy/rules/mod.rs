//! The rules, one file each.

mod crates;
mod headers;
mod names;
mod places;
mod quiet;
mod registered;
mod sizes;
mod words;

use super::Finding;
use super::tree::Tree;

/// A rule: what it finds in the tree.
pub type Rule = fn(&Tree) -> Vec<Finding>;

/// Every rule.
pub const ALL: &[Rule] = &[crates::check, headers::check, names::check, places::check, quiet::check, registered::check, sizes::check, words::check];

/// Holds `check` against a tree of `files` and gives the findings as they are printed.
#[cfg(test)]
fn found(check: Rule, files: &[(&str, &str)]) -> Vec<String> {
    check(&Tree::of(files)).iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_registered() {
        let tree = Tree::read().expect("this is a repository");
        let rules = tree.rust().filter(|file| file.folder() == "xtask/src/tidy/rules" && file.name() != "mod.rs").count();
        assert_eq!(rules, ALL.len());
    }
}
