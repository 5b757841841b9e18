//! `plimsoll host keys rotate HOST --key FILE`: puts a new key in the place of the one that opens a host.

use std::path::{Path, PathBuf};

use plimsoll_model::HostName;
use plimsoll_ops::host_keys_rotate::{self, Input, Output};
use plimsoll_ops::{Exit, OpError};

use crate::answer::Reply;
use crate::consent;
use crate::session::Session;

/// Put a new key in the place of the one that opens a host: tried before the old one goes, and undone when it does not open it
#[derive(Debug, clap::Args)]
pub struct Rotate {
    /// As one would write it after `ssh`
    host: HostName,
    /// The file of the new private key; it is made when it is not there
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The public key that is to go [default: the one that opens the host now]
    #[arg(long, value_name = "FILE.pub")]
    old: Option<PathBuf>,
    /// Do it without being asked
    #[arg(long, short)]
    yes: bool,
}

impl Rotate {
    /// Rotates it.
    pub async fn answer(self, session: &Session) -> Result<Reply, OpError> {
        let key = std::path::absolute(&self.key).unwrap_or(self.key);
        let old = self.old.as_deref().map(read).transpose()?;
        let made = if key.exists() { "" } else { ", which is made," };
        let question =
            format!("Let {}{made} open {} in the place of the key that does now? Nobody gets in by that one afterwards.", key.display(), self.host);
        let agreed = self.yes || (session.console.can_ask() && consent::ask(&question).await);
        let input = Input { host: self.host, key, old, agreed };
        let output = session.look(async |context, progress| host_keys_rotate::run(context, input, progress).await).await?;
        let code = if output.replaced.is_some() { "rotated" } else { "present" };
        let reply = Reply::new(code, &output, text(&output));
        Ok(if output.is_configured {
            reply
        } else {
            reply.with_next(format!("write into ~/.ssh/config, below its Host: IdentityFile {}", output.key.display()))
        })
    }
}

fn text(output: &Output) -> String {
    let Output { host, key, fingerprint, replaced, .. } = output;
    match replaced {
        Some(replaced) => format!("{host}: opened by {} ({fingerprint}), and by {replaced} no more\n", key.display()),
        None => format!("{host}: opened by {} ({fingerprint}) already\n", key.display()),
    }
}

fn read(path: &Path) -> Result<String, OpError> {
    std::fs::read_to_string(path).map_err(|error| {
        let message = format!("{} cannot be read: {error}", path.display());
        OpError::new(Exit::Usage, "key-unfit", message).with_help("name the file of a public key")
    })
}
