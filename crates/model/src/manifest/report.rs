//! Collecting findings: each with its code, its place in the file, what is the matter and what to write instead.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::finding::{Finding, Place, Severity};

/// Most findings for one file: what nobody reads is not worth finding.
const MOST: usize = 100;

/// The findings for one file.
pub(super) struct Report<'a> {
    text: &'a str,
    file: &'a str,
    line_starts: Vec<usize>,
    muted: BTreeSet<usize>,
    findings: Vec<Finding>,
}

impl<'a> Report<'a> {
    pub(super) fn new(text: &'a str, file: &'a str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, file, line_starts, muted: BTreeSet::new(), findings: Vec::new() }
    }

    /// Adds an error at `span`, given in bytes of the file.
    pub(super) fn error(&mut self, code: &str, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Error, code, span, message.into(), help.into());
    }

    /// Adds a warning at `span`, given in bytes of the file.
    pub(super) fn warning(&mut self, code: &str, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.add(Severity::Warning, code, span, message.into(), help.into());
    }

    /// Adds an error that stands nowhere in the file.
    pub(super) fn misplaced(&mut self, code: &str, message: impl Into<String>, help: impl Into<String>) {
        self.push(Finding { severity: Severity::Error, code: code.into(), place: None, message: message.into(), help: Some(help.into()) });
    }

    /// Whether anything forbids to use the file.
    pub(super) fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Says no more about the line of `offset`: it was not understood.
    pub(super) fn mute_line(&mut self, offset: usize) {
        self.muted.insert(self.line(offset));
    }

    /// The findings, from the top of the file to its end.
    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.place.as_ref().map_or(0, |place| place.offset));
        self.findings
    }

    fn add(&mut self, severity: Severity, code: &str, span: &Range<usize>, message: String, help: String) {
        let place = self.place(span);
        if !self.muted.contains(&self.line(place.offset)) {
            self.push(Finding { severity, code: code.into(), place: Some(place), message, help: Some(help) });
        }
    }

    /// One mistake is told once, also when several environments share it.
    fn push(&mut self, finding: Finding) {
        if self.findings.len() < MOST && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// The place of `span`, given in bytes of the file.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        let offset = self.text.floor_char_boundary(span.start);
        let line = self.line(offset);
        let column = self.text[self.line_starts[line]..offset].chars().count() + 1;
        let length = span.end.min(self.text.len()).saturating_sub(offset);
        Place { file: self.file.into(), line: number(line + 1), column: number(column), offset, length }
    }

    /// Index of the line that `offset` is in.
    fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset) - 1
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
