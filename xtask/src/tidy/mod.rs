//! `cargo xtask tidy`: the rules of the house that no compiler knows.
//!
//! Each rule is a pure function from the [`Tree`] of files under version control to what it finds there, in one
//! file below `rules/`. Formatting and lints are left to rustfmt and clippy.

mod code;
mod rules;
mod tree;

use std::fmt;

use crate::Outcome;
pub use code::without_tests;
use tree::Tree;

/// What breaks a rule, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    path: String,
    /// From 1.
    line: usize,
    severity: Severity,
    why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    Warning,
    Error,
}

impl Finding {
    fn error(path: &str, line: usize, why: impl Into<String>) -> Self {
        Self { path: path.into(), line, severity: Severity::Error, why: why.into() }
    }

    fn warning(path: &str, line: usize, why: impl Into<String>) -> Self {
        Self { path: path.into(), line, severity: Severity::Warning, why: why.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = if self.severity == Severity::Error { "error" } else { "warning" };
        write!(f, "{}:{}: {severity}: {}", self.path, self.line, self.why)
    }
}

/// Holds every file under version control against every rule.
///
/// # Errors
/// When a rule is broken; what is only doubtful is printed and passes.
pub fn run() -> Outcome {
    let tree = Tree::read()?;
    let findings: Vec<Finding> = rules::ALL.iter().flat_map(|rule| rule(&tree)).collect();
    for finding in &findings {
        println!("{finding}");
    }
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    println!("tidy: {} files, {} rules, {errors} errors, {} warnings", tree.files.len(), rules::ALL.len(), findings.len() - errors);
    if errors == 0 { Ok(()) } else { Err("the house is not tidy".into()) }
}
