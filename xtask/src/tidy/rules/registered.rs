//! No file lies around unused: each is declared by its parent, and where a table lists all of a kind, each is
//! in the table.

use super::super::{Finding, tree::File, tree::Tree};

/// Folders whose `mod.rs` has a table with an entry for each file, as a path that starts with its name.
const TABLES: &[&str] = &["crates/cli/src/commands", "crates/model/src/manifest/guess", "xtask/src/tidy/rules"];

/// Looks at every Rust file below a `src`.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust().filter(|file| file.path.contains("/src/") && !is_root(file)) {
        let Some((module, parent)) = parent_of(tree, file) else {
            findings.push(Finding::error(&file.path, 1, "no module above this file could declare it"));
            continue;
        };
        let code = parent.code();
        if !code.iter().any(|(_, line)| line.trim_end().ends_with(&format!("mod {module};"))) {
            findings.push(Finding::error(&file.path, 1, format!("{} does not declare it", parent.path)));
        }
        if TABLES.contains(&file.folder()) && file.name() != "mod.rs" && !code.iter().any(|(_, line)| line.contains(&format!("{module}::"))) {
            findings.push(Finding::error(&file.path, 1, format!("the table in {} does not list it", parent.path)));
        }
    }
    findings
}

/// Whether cargo itself finds the file.
fn is_root(file: &File) -> bool {
    matches!(file.name(), "lib.rs" | "main.rs") || file.folder().ends_with("/src/bin")
}

/// The name of the module that is in `file`, and the file that has to declare it.
fn parent_of<'a>(tree: &'a Tree, file: &'a File) -> Option<(&'a str, &'a File)> {
    let (module, folder) = match file.name() {
        "mod.rs" => {
            let (above, module) = file.folder().rsplit_once('/')?;
            (module, above)
        }
        name => (name.trim_end_matches(".rs"), file.folder()),
    };
    let places = [format!("{folder}/mod.rs"), format!("{folder}/lib.rs"), format!("{folder}/main.rs"), format!("{folder}.rs")];
    places.iter().find_map(|place| tree.file(place)).map(|parent| (module, parent))
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn what_is_not_declared_or_not_listed_is_found() {
        let rules = "xtask/src/tidy/rules/mod.rs";
        let cases: [(&[(&str, &str)], usize); 5] = [
            (&[("a/src/lib.rs", "pub mod b;\n"), ("a/src/b.rs", ""), ("a/src/bin/c.rs", "")], 0),
            (&[("a/src/lib.rs", "mod b;\n"), ("a/src/b/mod.rs", "mod c;"), ("a/src/b/c.rs", "")], 0),
            (&[("a/src/lib.rs", "// mod b;\n"), ("a/src/b.rs", "")], 1),
            (&[("xtask/src/tidy/mod.rs", "mod rules;"), (rules, "mod x;\nconst ALL: &[Rule] = &[x::check];"), ("xtask/src/tidy/rules/x.rs", "")], 1),
            (&[("xtask/src/tidy/mod.rs", "mod rules;"), (rules, "mod x;"), ("xtask/src/tidy/rules/x.rs", "")], 2),
        ];
        for (files, count) in cases {
            assert_eq!(found(super::check, files).len(), count, "{files:?}");
        }
    }
}
