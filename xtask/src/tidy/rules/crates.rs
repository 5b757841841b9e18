//! Every crate says what it is for, and takes the lints of the workspace.

use super::super::{Finding, tree::Tree};

/// Looks at the manifests of all packages; those of examples stand for projects of others.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.files.iter().filter(|file| file.name() == "Cargo.toml" && !file.path.starts_with("examples/"));
    let packages = manifests.filter(|file| file.text.contains("[package]"));
    let wanted = [
        ("description = \"", "the package has no description"),
        ("[lints]\nworkspace = true", "the package does not take the lints of the workspace"),
    ];
    packages
        .flat_map(|file| wanted.iter().filter(|(line, _)| !file.text.contains(line)).map(|(_, why)| Finding::error(&file.path, 1, *why)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn a_package_has_a_description_and_lints() {
        let good = "[package]\ndescription = \"x\"\n[lints]\nworkspace = true\n";
        assert!(found(super::check, &[("a/Cargo.toml", good), ("Cargo.toml", "[workspace]\n")]).is_empty());
        assert_eq!(found(super::check, &[("a/Cargo.toml", "[package]\n")]).len(), 2);
    }
}
