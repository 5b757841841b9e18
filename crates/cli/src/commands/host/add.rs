//! `plimsoll host add HOST`: makes a machine that is reached by SSH a host.

use plimsoll_model::HostName;
use plimsoll_ops::OpError;
use plimsoll_ops::host_add::{self, Input, Output};

use crate::answer::Reply;
use crate::session::Session;
use crate::{consent, render};

/// Make a machine that is reached by SSH a host: install this plimsoll there, for its login alone
#[derive(Debug, clap::Args)]
pub struct Add {
    /// As one would write it after `ssh`, such as deploy@a.example
    host: HostName,
    /// Install without being asked
    #[arg(long, short)]
    yes: bool,
}

impl Add {
    /// Installs what the host lacks.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let question = format!("Install plimsoll {} on {}, as ~/.local/bin/plimsoll, unless it is there?", env!("CARGO_PKG_VERSION"), self.host);
        let agreed = self.yes || (session.console.can_ask() && consent::ask(&question).await);
        let input = Input { host: self.host, agreed };
        let output = session.look(async |context, progress| host_add::run(context, input, progress).await).await?;
        let code = if output.installed.is_some() { "installed" } else { "present" };
        Ok(Reply::new(code, &output, text(&output)))
    }
}

fn text(output: &Output) -> String {
    let first = match &output.installed {
        Some(brought) => match &brought.before {
            Some(before) => format!("{}: plimsoll {} was installed in the place of {before}\n", output.host, brought.version),
            None => format!("{}: plimsoll {} was installed\n", output.host, brought.version),
        },
        None => format!("{}: plimsoll {} is there\n", output.host, output.facts.version),
    };
    first + &render::facts::facts(&output.facts)
}
