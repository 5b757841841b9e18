//! Which lines of each file were run, from lcov's form: `SF:` opens a file, `DA:LINE,COUNT` tells of a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::command::root;
use crate::tidy::without_tests;

/// The lines of a file that hold code, and whether each was run.
pub type Lines = BTreeMap<usize, bool>;

/// Understands `told`: files of the workspace by their path in it, tests left out.
///
/// # Errors
/// When a file that it speaks of cannot be read.
pub fn read(told: &str) -> Result<BTreeMap<String, Lines>, String> {
    let mut files = understand(told, &root());
    files.retain(|path, _| !is_test(path));
    for (path, lines) in &mut files {
        let text = fs::read_to_string(root().join(path)).map_err(|error| format!("cannot read {path}: {error}"))?;
        let product = product(&text);
        lines.retain(|line, _| product.contains(line));
    }
    files.retain(|_, lines| !lines.is_empty());
    Ok(files)
}

fn understand(told: &str, root: &Path) -> BTreeMap<String, Lines> {
    let mut files: BTreeMap<String, Lines> = BTreeMap::new();
    let mut file = None;
    for line in told.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = Path::new(path).strip_prefix(root).ok().map(|path| path.to_string_lossy().into_owned());
        } else if let (Some(file), Some((number, count))) = (&file, line.strip_prefix("DA:").and_then(|told| told.split_once(','))) {
            let Ok(number) = number.parse() else { continue };
            *files.entry(file.clone()).or_default().entry(number).or_default() |= count != "0";
        }
    }
    files
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "examples"))
}

/// The numbers of the lines that are no test's.
fn product(text: &str) -> BTreeSet<usize> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect();
    without_tests(lines).into_iter().map(|(number, _)| number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_was_run_when_any_program_ran_it() {
        let told =
            "SF:/w/a/src/x.rs\nFN:1,f\nDA:1,0\nDA:2,3\nend_of_record\nSF:/elsewhere/y.rs\nDA:1,1\nend_of_record\nSF:/w/a/src/x.rs\nDA:1,7\nDA:3,0\n";
        let expect = BTreeMap::from([("a/src/x.rs".to_owned(), Lines::from([(1, true), (2, true), (3, false)]))]);
        assert_eq!(understand(told, Path::new("/w")), expect);
    }

    #[test]
    fn tests_are_no_product() {
        for test in ["crates/host/tests/bodies/main.rs", "crates/model/src/plan/tests.rs", "crates/model/src/manifest/tests/mod.rs"] {
            assert!(is_test(test), "{test}");
        }
        assert!(!is_test("crates/model/src/manifest/mod.rs"));
        assert_eq!(product("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n"), BTreeSet::from([1, 2]));
    }
}
