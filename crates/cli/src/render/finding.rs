//! Findings, each with its place in the file.

use std::fmt;
use std::path::Path;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use owo_colors::OwoColorize;
use plimsoll_model::finding::{Finding, Severity};

/// All findings as lines that need neither colours nor a terminal: `FILE:LINE:COLUMN: SEVERITY[CODE]: MESSAGE`.
pub fn lines(findings: &[Finding]) -> String {
    findings.iter().map(line).collect()
}

/// All findings with the lines of the files that they are about. Files are found from `project`; what cannot be shown so is a
/// line all the same.
pub fn excerpts(findings: &[Finding], project: &Path) -> String {
    findings.iter().map(|finding| excerpt(finding, project).unwrap_or_else(|| line(finding))).collect::<Vec<_>>().join("\n")
}

fn line(finding: &Finding) -> String {
    let place = finding.place.as_ref().map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column)).unwrap_or_default();
    let severity = match finding.severity {
        Severity::Error => "error".red().to_string(),
        Severity::Warning => "warning".yellow().to_string(),
        Severity::Note => "note".cyan().to_string(),
    };
    let help = finding.help.as_ref().map(|help| format!("  help: {help}\n")).unwrap_or_default();
    format!("{place}{severity}[{}]: {}\n{help}", finding.code, finding.message)
}

fn excerpt(finding: &Finding, project: &Path) -> Option<String> {
    let place = finding.place.as_ref()?;
    let text = std::fs::read_to_string(project.join(&place.file)).ok()?;
    if place.offset + place.length > text.len() {
        return None;
    }
    let marked = Marked { finding, source: NamedSource::new(&place.file, text), label: LabeledSpan::new(None, place.offset, place.length) };
    let mut out = String::new();
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode()).with_links(false).with_context_lines(1).render_report(&mut out, &marked).ok()?;
    Some(out)
}

/// A finding in the shape that miette draws.
#[derive(Debug)]
struct Marked<'a> {
    finding: &'a Finding,
    source: NamedSource<String>,
    label: LabeledSpan,
}

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.finding.message)
    }
}

impl std::error::Error for Marked<'_> {}

impl Diagnostic for Marked<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.finding.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.finding.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::finding::Place;

    use super::super::plain;
    use super::*;

    fn findings() -> Vec<Finding> {
        let place = Place { file: "plimsoll.toml".into(), line: 2, column: 1, offset: 14, length: 4 };
        let (severity, code) = (Severity::Error, "unknown-key".to_owned());
        let placed = Finding { severity, code, place: Some(place), message: "there is no key `pith`".into(), help: Some("write `path`".into()) };
        let unplaced =
            Finding { severity: Severity::Warning, code: "empty".into(), place: None, message: "there are no components".into(), help: None };
        vec![placed, unplaced]
    }

    #[test]
    fn findings_are_lines_with_places() {
        insta::assert_snapshot!(plain(&lines(&findings())), @r#"
        plimsoll.toml:2:1: error[unknown-key]: there is no key `pith`
          help: write `path`
        warning[empty]: there are no components
        "#);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test lays a file out")]
    fn findings_are_shown_in_their_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plimsoll.toml"), "name = \"shop\"\npith = \"x\"\n").unwrap();
        insta::assert_snapshot!(plain(&excerpts(&findings(), folder.path())), @r#"
        unknown-key

          × there is no key `pith`
           ╭─[plimsoll.toml:2:1]
         1 │ name = "shop"
         2 │ pith = "x"
           · ────
           ╰────
          help: write `path`

        warning[empty]: there are no components
        "#);
        assert_eq!(excerpts(&findings(), Path::new("/nowhere")), findings().iter().map(line).collect::<Vec<_>>().join("\n"));
    }
}
