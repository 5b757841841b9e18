//! Why a command failed: reason, findings, last output, how things stand, where the log is, what to do.

use std::path::Path;

use owo_colors::OwoColorize;
use plimsoll_ops::OpError;

use super::finding;

/// What surrounds an error.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The project's folder, when excerpts of its files may be shown.
    pub excerpts: Option<&'a Path>,
    /// Where the log of the command is.
    pub log: Option<&'a Path>,
}

/// All that is to be said of `error`.
pub fn error(error: &OpError, around: Around<'_>) -> String {
    let mut text = match around.excerpts {
        Some(project) => finding::excerpts(&error.findings, project),
        None => finding::lines(&error.findings),
    };
    if error.findings.iter().any(|finding| error.message.ends_with(&finding.message)) {
        // It is one mistake, and told with its place already.
        return text;
    }
    text += &format!("{} {} [{}]\n", "error:".red().bold(), error.message, error.code);
    if !error.output.is_empty() {
        text += "its last output:\n";
        // A program's own colours and cursor movements would tear the text apart.
        text += &error.output.iter().map(|line| format!("  | {}\n", anstream::adapter::strip_str(line))).collect::<String>();
    }
    text += &standing(error).map(|line| format!("{line}\n")).unwrap_or_default();
    text += &around.log.map(|log| format!("log: {}\n", log.display())).unwrap_or_default();
    text + &error.advice().map(|help| format!("{} {help}\n", "help:".cyan().bold())).unwrap_or_default()
}

/// How the environment stands after a deployment that is not live.
fn standing(error: &OpError) -> Option<&'static str> {
    match error.details.as_ref()?.pointer("/deployment/outcome")?.as_str()? {
        "rolled_back" => Some("everything was rolled back: what served before serves on"),
        "undecided" => Some("the deployment is not settled: a person has to see to it"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_ops::Exit;
    use serde_json::json;

    use super::super::plain;
    use super::*;

    #[test]
    fn a_failure_says_why_how_things_stand_and_what_to_do() {
        let mut failed = OpError::new(Exit::Failed, "slot-exited", "slot backend-2 ended before it was healthy").with_help("set DATABASE_URL");
        failed.output = vec!["\u{1b}[2Jno \u{1b}[31mDATABASE_URL\u{1b}[0m".into()];
        failed.details = Some(json!({ "deployment": { "outcome": "rolled_back" } }));
        insta::assert_snapshot!(plain(&error(&failed, Around { excerpts: None, log: Some(Path::new("/logs/x.log")) })), @r#"
        error: slot backend-2 ended before it was healthy [slot-exited]
        its last output:
          | no DATABASE_URL
        everything was rolled back: what served before serves on
        log: /logs/x.log
        help: set DATABASE_URL
        "#);
    }

    #[test]
    fn an_error_that_knows_little_is_short() {
        let failed = OpError::new(Exit::Host, "daemon-silent", "it does not answer");
        insta::assert_snapshot!(plain(&error(&failed, Around { excerpts: None, log: None })), @r#"
        error: it does not answer [daemon-silent]
        "#);
    }
}
