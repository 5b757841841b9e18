//! `plimsoll host provision HOST`: sets a bare server up as a host.

use std::collections::BTreeSet;
use std::path::PathBuf;

use plimsoll_model::HostName;
use plimsoll_ops::host_provision::{self, Input, Output};
use plimsoll_ops::{Exit, OpError, Wishes};

use crate::answer::Reply;
use crate::session::Session;
use crate::{consent, console};

/// Set a server up: logins, the daemon, SSH by keys only, a firewall, updates
#[derive(Debug, clap::Args)]
pub struct Provision {
    /// As one would write it after `ssh`: root, or a login that may use sudo without a password
    host: HostName,
    /// The login that deploys; made when it is not there, without any rights but to speak to the daemon
    #[arg(long, value_name = "NAME", default_value = "deploy")]
    login: String,
    /// The login that looks after the server by sudo, when root sets it up: root itself is not let in by SSH any more
    #[arg(long, value_name = "NAME", default_value = "admin")]
    admin: String,
    /// A public key that opens the login which deploys; may be given several times [default: the keys that open the login used now]
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// A port that the firewall lets in beside those of SSH and of the web; may be given several times
    #[arg(long = "port", value_name = "PORT")]
    ports: Vec<u16>,
    /// A measure that is left out; may be given several times
    #[arg(long, value_name = "MEASURE")]
    without: Vec<String>,
    /// Show what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do it without being asked
    #[arg(long, short)]
    yes: bool,
}

impl Provision {
    /// Shows what is missing, asks, and does it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let (yes, dry) = (self.yes, self.dry_run);
        let input = self.input()?;
        let run = async |agreed| {
            let input = Input { agreed, ..input.clone() };
            session.look(async |context, progress| host_provision::run(context, input, progress).await).await
        };
        let seen = run(yes).await?;
        if dry || !seen.waits() {
            return Ok(reply(&seen));
        }
        if !session.console.can_ask() {
            return Err(unasked(&seen));
        }
        console::tell(&plan(&seen));
        if !consent::ask(&format!("Set {} up so?", seen.host)).await {
            return Err(unasked(&seen));
        }
        run(true).await.map(|done| reply(&done))
    }

    fn input(self) -> Result<Input, OpError> {
        let keys = self.keys.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let wishes = Wishes {
            login: self.login,
            admin: self.admin,
            keys,
            ports: self.ports.into_iter().collect::<BTreeSet<_>>(),
            without: self.without.into_iter().collect(),
        };
        Ok(Input { host: self.host, wishes, agreed: false })
    }
}

fn read(path: &PathBuf) -> Result<String, OpError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        OpError::new(Exit::Usage, "key-unreadable", format!("the public key {} cannot be read: {error}", path.display()))
            .with_help("name a file such as ~/.ssh/id_ed25519.pub")
    })?;
    Ok(text.trim().to_owned())
}

fn reply(output: &Output) -> Reply {
    let code = match (output.waits(), output.done.is_empty()) {
        (true, _) => "planned",
        (false, true) => "present",
        (false, false) => "provisioned",
    };
    let next = format!("put it into an environment of plimsoll.toml: hosts = [\"{}\"]", output.deploys_as);
    let reply = Reply::new(code, output, if output.done.is_empty() { plan(output) } else { done(output) });
    if output.waits() { reply } else { reply.with_next(next) }
}

fn plan(output: &Output) -> String {
    let line = |seen: &plimsoll_ops::host_provision::Seen| match (seen.state.as_str(), &seen.what) {
        ("do", Some(what)) => format!("  {:<9} {what}\n", seen.measure),
        ("spared", Some(why)) => format!("  {:<9} left alone: {why}\n", seen.measure),
        _ => format!("  {:<9} is as it should be\n", seen.measure),
    };
    let title = if output.waits() { format!("{}: what will be done\n", output.host) } else { format!("{}: there is nothing to do\n", output.host) };
    title + &output.measures.iter().map(line).collect::<String>()
}

fn done(output: &Output) -> String {
    let lines: String = output.done.iter().map(|told| format!("  {:<9} {}\n", told.measure, told.what)).collect();
    let ways = format!("Deploy to it as {}, look after it as {}.\n", output.deploys_as, output.looked_after_as);
    format!("{}: done\n{lines}{ways}", output.host)
}

fn unasked(seen: &Output) -> OpError {
    let message = format!("nobody has agreed to what is to be done on {}", seen.host);
    let details = serde_json::to_value(seen).ok();
    let error = OpError::new(Exit::Refused, "approval-missing", message).with_help("see it with --dry-run, agree beforehand with --yes");
    OpError { details, ..error }
}
