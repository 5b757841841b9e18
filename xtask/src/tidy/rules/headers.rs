//! Every module opens by saying what it is for.

use super::super::{Finding, tree::Tree};

/// The first line of each Rust file is a `//!`.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let silent = tree.rust().filter(|file| !file.text.starts_with("//! "));
    silent.map(|file| Finding::error(&file.path, 1, "a module opens with `//!`: what it is for, and what it leaves to others")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn a_module_has_a_header() {
        assert!(found(super::check, &[("a.rs", "//! Ships.\n"), ("a.txt", "x")]).is_empty());
        assert_eq!(found(super::check, &[("a.rs", "use std::io;\n")]).len(), 1);
    }
}
