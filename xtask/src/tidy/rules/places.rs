//! No text names a place of the machine that it was written on.

use super::super::{Finding, tree::Tree};

/// Folders at the root of some developer's machine.
const FOLDERS: [&str; 1] = ["work"];

/// Hosts of package registries, in two parts: clients know them, so nothing of ours has to name them.
const HOSTS: [(&str, &str); 6] =
    [("registry.npmjs", "org"), ("pypi", "org"), ("pythonhosted", "org"), ("static.crates", "io"), ("index.crates", "io"), ("deb.debian", "org")];

/// Looks at every line of every text file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        for (index, line) in file.text.lines().enumerate() {
            findings.extend(
                FOLDERS
                    .iter()
                    .filter(|folder| names_folder(line, folder))
                    .map(|folder| Finding::error(&file.path, index + 1, format!("names the folder /{folder} of somebody's machine"))),
            );
            findings.extend(
                HOSTS
                    .iter()
                    .map(|(name, domain)| format!("{name}.{domain}"))
                    .filter(|host| line.contains(host))
                    .map(|host| Finding::error(&file.path, index + 1, format!("names {host}, the host of a package registry"))),
            );
        }
    }
    findings
}

/// Whether `line` has a path that starts with the folder.
fn names_folder(line: &str, folder: &str) -> bool {
    let path = format!("/{folder}/");
    let starts_there = |at: usize| !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-/*}".contains(before));
    line.match_indices(&path).any(|(at, _)| starts_there(at))
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn paths_and_hosts_of_a_machine_are_found() {
        let (path, host) = (["", "work", "main"].join("/"), ["static.crates", "io"].join("."));
        for bad in [path.clone(), format!("see `{path}`"), format!("https://{host}/x")] {
            assert_eq!(found(super::check, &[("a.md", &bad)]).len(), 1, "{bad}");
        }
        for good in [format!("target{path}"), "work/main".into(), "crates.io".into()] {
            assert!(found(super::check, &[("a.md", &good)]).is_empty(), "{good}");
        }
    }
}
