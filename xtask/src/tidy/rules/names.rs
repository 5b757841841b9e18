//! Files are called after what they hold.

use super::super::{Finding, tree::Tree};

const EMPTY_NAMES: [&str; 7] = ["common", "helper", "helpers", "imp", "misc", "util", "utils"];

/// No Rust file, and no folder of Rust files, has a name that says nothing.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let stem = file.path.trim_end_matches(".rs");
        if let Some(name) = stem.split('/').find(|part| EMPTY_NAMES.contains(part)) {
            findings.push(Finding::error(&file.path, 1, format!("`{name}` says nothing: call it after what it holds")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn names_that_say_nothing_are_found() {
        assert!(found(super::check, &[("a/common_carrier.rs", ""), ("utils.txt", "")]).is_empty());
        assert_eq!(found(super::check, &[("a/utils.rs", ""), ("a/common/b.rs", "")]).len(), 2);
    }
}
