//! `plimsoll host doctor [HOST|ENVIRONMENT]`: tells what could go wrong on hosts, and what to do about it.

use plimsoll_model::HostName;
use plimsoll_model::finding::{Finding, Severity};
use plimsoll_ops::OpError;
use plimsoll_ops::host_doctor::{self, Input, Output};

use crate::answer::Reply;
use crate::console;
use crate::render;
use crate::render::measure::count;
use crate::session::Session;

/// Tell what could go wrong on a host, or on all hosts of an environment, each with what to do about it
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// An environment of the manifest, or a host as one would write it after `ssh` [default: this machine]
    #[arg(value_name = "HOST|ENVIRONMENT")]
    target: Option<HostName>,
}

impl Doctor {
    /// Looks; warnings are told, errors fail it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let input = Input { target: self.target };
        let output = session.look(async |context, progress| host_doctor::run(context, input, progress).await).await?;
        let findings: Vec<Finding> = output.hosts.iter().flat_map(|examined| examined.findings.clone()).collect();
        if !session.console.serves_machine() {
            console::tell(render::finding::lines(&findings).trim_end());
        }
        Ok(Reply::new("well", &output, text(&output, &findings)))
    }
}

fn text(output: &Output, findings: &[Finding]) -> String {
    let names: Vec<&str> = output.hosts.iter().map(|examined| examined.host.as_str()).collect();
    let warnings = findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
    let what = if warnings == 0 { "nothing is wrong".to_owned() } else { format!("no errors, {}", count(warnings, "warning")) };
    format!("{}: {what}\n", names.join(", "))
}
