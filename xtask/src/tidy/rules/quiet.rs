//! Libraries neither print nor read the environment: only programs talk to whoever started them.

use super::super::{Finding, tree::File, tree::Tree};

/// Crates of which all is a program, or stands in for one.
const PROGRAMS: &[&str] = &["crates/cli/", "crates/testkit/", "examples/", "tests/", "xtask/"];

/// What a library does not do, and why.
const LOUD: &[(&str, &str)] = &[
    ("println!(", "a library gives values and events; what to print is decided by the program"),
    ("eprintln!(", "a library gives values and events; what to print is decided by the program"),
    ("print!(", "a library gives values and events; what to print is decided by the program"),
    ("env::var(", "a library is told by its caller what the environment says"),
    ("env::var_os(", "a library is told by its caller what the environment says"),
];

/// Files that may do one of these all the same, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("crates/keeper/src/output/mod.rs", "eprintln!(", "a keeper that cannot write its log has nowhere else to say so"),
    ("crates/proxy/src/options.rs", "env::var(", "systemd says by the environment whom to notify"),
    ("crates/proxy/src/sockets/inherit.rs", "env::var(", "systemd and a keeper pass sockets on by the environment"),
];

/// Looks at the product code of the libraries.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().filter(|file| is_library(file)).flat_map(judge).collect()
}

fn judge(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unused: Vec<_> = EXCEPTIONS.iter().filter(|(path, _, _)| *path == file.path).collect();
    for (number, line) in file.product_code() {
        let Some((word, why)) = LOUD.iter().find(|(word, _)| starts_word(&line, word)) else { continue };
        if !EXCEPTIONS.iter().any(|(path, allowed, _)| *path == file.path && allowed == word) {
            findings.push(Finding::error(&file.path, number, format!("`{word}`: {why}")));
        }
        unused.retain(|(_, allowed, _)| allowed != word);
    }
    findings.extend(unused.iter().map(|(_, word, _)| Finding::error(&file.path, 1, format!("the exception for `{word}` is not needed any more"))));
    findings
}

fn is_library(file: &File) -> bool {
    let of_program = PROGRAMS.iter().any(|folder| file.path.starts_with(folder));
    let program = ["/src/bin/", "/examples/"].iter().any(|folder| file.path.contains(folder)) || file.name() == "main.rs";
    !of_program && !program
}

/// Whether `word` stands in `line` and is not the end of a longer one.
fn starts_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn a_library_that_talks_is_found() {
        for (path, line, findings) in [
            ("crates/host/src/a.rs", "println!(1)", 1),
            ("crates/host/src/a.rs", "eprintln!(1)", 1),
            ("crates/host/src/a.rs", "std::env::var(NAME)", 1),
            ("crates/host/src/a.rs", "// println!(1)", 0),
            ("crates/host/src/a.rs", "#[cfg(test)]\nmod tests {\n    println!(1)", 0),
            ("crates/host/src/bin/a.rs", "println!(1)", 0),
            ("crates/cli/src/a.rs", "println!(1)", 0),
            ("crates/proxy/src/options.rs", "env::var(NAME)", 0),
            ("crates/proxy/src/options.rs", "env::var(NAME)\nprintln!(1)", 1),
            ("crates/proxy/src/options.rs", "no more", 1),
        ] {
            assert_eq!(found(super::check, &[(path, line)]).len(), findings, "{path}: {line}");
        }
    }
}
