//! What this machine is as a host, seen from within: the part of looking after a host that runs on the host itself.

use std::path::Path;

use plimsoll_api::HostApi;
use plimsoll_api::wire::{SYSTEM_FOLDER, SYSTEM_SOCKET};
use plimsoll_connect::{Client, dial};
use plimsoll_inspect::{Asked, Facts, Mode, Place, gather};
use plimsoll_model::HostName;
use plimsoll_model::deployment::Failure;
use plimsoll_provision::{ThisMachine, is_provisioned};

use crate::{Context, hosts};

/// Finds out what can be seen here. No daemon is started, and nothing is changed.
pub async fn examine(context: &Context, asked: &Asked) -> Facts {
    let mut machine = ThisMachine::new(context.exe.clone());
    let mode = if is_provisioned(&machine) { Mode::System } else { Mode::User };
    let folder = if mode == Mode::System { SYSTEM_FOLDER.into() } else { context.home.clone() };
    let daemon = match mode {
        Mode::System => whole(),
        Mode::User => hosts::daemon(context).find().await.map_err(|error| error.to_failure()),
    };
    let asking = daemon.as_ref().map(|client| client.as_ref().map(|client| client as &dyn HostApi)).map_err(Clone::clone);
    gather(&mut machine, Place { mode, folder, at: hosts::now() }, asking, asked).await
}

/// The daemon of the whole machine, which systemd starts.
fn whole() -> Result<Option<Client>, Failure> {
    match dial::machine(Path::new(SYSTEM_SOCKET))? {
        Some(_) => Ok(Some(Client::new(HostName::local(), SYSTEM_SOCKET.into()))),
        None => Err(Failure::new("daemon-down", format!("nothing listens at {SYSTEM_SOCKET}, where its daemon is spoken to"))
            .with_help("as root: systemctl restart plimsoll.socket plimsoll.service")),
    }
}
