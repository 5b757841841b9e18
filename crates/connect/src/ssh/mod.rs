//! This machine's own `ssh` as the way to other hosts: each user's configuration, jump hosts, agent, hardware keys and known hosts work as they
//! do by hand.
//!
//! Here is how it is called and what becomes of it; [`fault`] judges why it did not come through. What is said over a connection is left to
//! [`crate::link`], what is done on a host that lacks Plimsoll to [`crate::install`].

mod arguments;
pub(crate) mod fault;
mod keygen;
mod keys;
mod known;
mod road;
mod session;
mod settings;

use std::path::PathBuf;

use plimsoll_api::HostError;
use plimsoll_model::HostName;

pub use keygen::{KeyError, KeyFile};
pub use known::Known;
pub(crate) use road::{Road, Try};
pub(crate) use session::{End, Ended, Session};

/// How the `ssh` of this machine is called.
#[derive(Debug, Clone)]
pub struct Ssh {
    /// A configuration file in place of the user's own.
    pub config: Option<PathBuf>,
    /// A folder for the sockets of connections that are kept for reuse; made, for its owner alone, when it is needed.
    pub sockets: PathBuf,
    /// Whether somebody is there who can be asked for a passphrase or about an unknown host.
    pub asks: bool,
    /// What it has said of hosts; at first nothing.
    pub known: Known,
}

impl Ssh {
    /// The address that the name of a host stands for in the configuration of `ssh`.
    ///
    /// # Errors
    /// There is no `ssh`, or its configuration cannot be used.
    pub async fn address(&self, host: &HostName) -> Result<String, HostError> {
        Road::new(self.clone(), host.clone()).address().await.map_err(|fault| fault.on(host))
    }
}
