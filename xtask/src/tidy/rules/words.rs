//! Words that have no place in the code: unfinished work, muted lints, switches for tests.

use super::super::{Finding, tree::Tree};

/// What may stand nowhere, and why.
const NOWHERE: &[(&str, &str)] = &[
    ("todo!(", "unfinished"),
    ("unimplemented!(", "unfinished"),
    ("dbg!(", "left over from debugging"),
    ("[allow(", "a lint is muted by `expect` with a reason, so that it is told when the reason is gone"),
];

/// What may stand in tests alone, and why.
const NOT_IN_PRODUCT: &[(&str, &str)] = &[
    (".unwrap()", "outside tests an error is returned, or `expect` says why there is none"),
    ("cfg!(test)", "the product does not know whether it is tested"),
    ("cfg(not(test))", "the product does not know whether it is tested"),
    ("test_mode", "the product does not know whether it is tested"),
    ("TEST_MODE", "the product does not know whether it is tested"),
];

/// Looks at the code of every Rust file, comments and texts left out.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        findings.extend(search(&file.path, &file.code(), NOWHERE));
        findings.extend(search(&file.path, &file.product_code(), NOT_IN_PRODUCT));
        let globs = file.code().into_iter().filter(|(_, line)| is_glob_reexport(line));
        findings.extend(globs.map(|(number, _)| Finding::error(&file.path, number, "re-exports are named one by one")));
    }
    findings
}

fn search(path: &str, lines: &[(usize, String)], banned: &[(&str, &str)]) -> Vec<Finding> {
    let hits = |(number, line): &(usize, String)| -> Vec<Finding> {
        let found = banned.iter().filter(|(word, _)| line.contains(word));
        found.map(|(word, why)| Finding::error(path, *number, format!("`{word}`: {why}"))).collect()
    };
    lines.iter().flat_map(hits).collect()
}

fn is_glob_reexport(line: &str) -> bool {
    let line = line.trim();
    line.starts_with("pub") && line.contains(" use ") && line.ends_with("::*;")
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn banned_words_are_found_where_they_are_code() {
        let bad = [
            "fn f() { todo!() }",
            "#[allow(dead_code)]",
            "#![allow(dead_code)]",
            "let x = y.unwrap();",
            "if cfg!(test) {",
            "pub use x::*;",
            "pub(crate) use x::y::*;",
        ];
        for line in bad {
            assert_eq!(found(super::check, &[("a.rs", line)]).len(), 1, "{line}");
        }
        let good =
            ["// todo!()", "let x = \"dbg!(\";", "#[cfg(test)]\nmod tests {\n    x.unwrap();\n}", "use super::*;", "let _ = x.unwrap_or_default();"];
        for line in good {
            assert_eq!(found(super::check, &[("a.rs", line)]), Vec::<String>::new(), "{line}");
        }
        assert!(found(super::check, &[("tests/a.rs", "x.unwrap();")]).is_empty());
        assert_eq!(found(super::check, &[("tests/a.rs", "todo!()")]).len(), 1);
    }
}
