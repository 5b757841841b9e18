//! `plimsoll host …`: the host of this machine, and others.

mod add;
mod database;
mod dial;
mod doctor;
mod examine;
mod facts;
mod keys;
mod provision;
mod remove;
mod serve;
mod stop;
mod upgrade;
mod visit;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// What to do with a host.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Be the daemon, until it is told to stop
    Serve(serve::Serve),
    /// Make a machine that is reached by SSH a host
    Add(add::Add),
    /// Talk to a database for the daemon
    #[command(hide = true)]
    Database(database::Database),
    /// Join standard streams to the daemon: the host's end of a connection over SSH
    #[command(hide = true)]
    Dial(dial::Dial),
    /// Tell what could go wrong there, and what to do about it
    Doctor(doctor::Doctor),
    /// Tell what a host sees of itself: the host's end of `doctor`
    #[command(hide = true)]
    Examine(examine::Examine),
    /// Tell what it is
    Facts(facts::Facts),
    /// Look after the keys that open it
    #[command(subcommand)]
    Keys(keys::Command),
    /// Bring daemon and proxy to this version; slots go on
    Upgrade(upgrade::Upgrade),
    /// Set a server up: logins, the daemon, SSH by keys only, a firewall, updates
    Provision(provision::Provision),
    /// Make a server what it was before it was provisioned
    Remove(remove::Remove),
    /// The server's end of setting it up
    #[command(hide = true)]
    Visit(visit::Visit),
    /// End it: the daemon, the proxy and all slots
    Stop(stop::Stop),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::Serve(role) => role.run(),
            Self::Add(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Database(role) => role.run(),
            Self::Dial(role) => role.run(),
            Self::Doctor(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Examine(role) => role.run(),
            Self::Facts(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Keys(command) => command.run(globals),
            Self::Upgrade(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Provision(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Remove(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Visit(role) => role.run(),
            Self::Stop(command) => session::run(globals, async |session| command.answer(session).await),
        }
    }
}
