//! Files stay small enough to be read in one go.

use super::super::{Finding, tree::Tree};

/// From here on a file is doubtful.
const LONG: usize = 350;
/// From here on it is too long.
const TOO_LONG: usize = 600;

/// Counts the lines of every Rust file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let sized = tree.rust().map(|file| (file.path.as_str(), file.text.lines().count()));
    sized.filter(|(_, lines)| *lines > LONG).map(|(path, lines)| judge(path, lines)).collect()
}

fn judge(path: &str, lines: usize) -> Finding {
    if lines > TOO_LONG {
        Finding::error(path, lines, format!("{lines} lines: none may have more than {TOO_LONG}"))
    } else {
        Finding::warning(path, lines, format!("{lines} lines: most files stay below 150, few reach {LONG}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::found;

    #[test]
    fn long_files_are_found() {
        for (lines, findings) in [(350, 0), (351, 1), (600, 1), (601, 1)] {
            let found = found(super::check, &[("a.rs", &"x\n".repeat(lines))]);
            assert_eq!(found.len(), findings, "{lines} lines");
            assert_eq!(found.iter().any(|text| text.contains("error")), lines > 600, "{lines} lines");
        }
    }
}
