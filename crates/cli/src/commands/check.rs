//! `plimsoll check`: judges the manifest.

use plimsoll_ops::OpError;
use plimsoll_ops::check::{self, Input, Output};

use crate::answer::Reply;
use crate::console;
use crate::render::finding;
use crate::render::measure::count;
use crate::session::Session;

/// Judge the manifest
#[derive(Debug, clap::Args)]
pub struct Check {}

impl Check {
    /// Judges it; warnings are told, mistakes are an error.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let output = session.look(async |context, progress| check::run(context, Input {}, progress).await).await?;
        if session.console.can_draw() {
            console::tell(&finding::excerpts(&output.findings, &session.context.project));
        } else if !session.console.serves_machine() {
            console::tell(&finding::lines(&output.findings));
        }
        Ok(Reply::new("valid", &output, text(&output)))
    }
}

fn text(output: &Output) -> String {
    let names: Vec<&str> = output.environments.iter().map(|name| name.as_str()).collect();
    let warnings = if output.findings.is_empty() { String::new() } else { format!(", {}", count(output.findings.len(), "warning")) };
    format!("the manifest is valid: {}, environments {}{warnings}\n", count(output.components.len(), "component"), names.join(", "))
}
