//! The commands, one file each: the path of a command is the path of its file.
//!
//! A command turns arguments into the input of one operation, and its output into a [`Reply`](crate::answer::Reply). The roles (`keeper`, `proxy`,
//! `host serve`) and `completions` are no operations, and run without any of the rest.

mod approvals;
mod approve;
mod audit;
mod backup;
mod certs;
mod check;
mod completions;
mod deploy;
mod down;
mod history;
mod host;
mod init;
mod keeper;
mod logs;
mod mcp;
mod migrate;
mod plan;
mod proxy;
mod resume;
mod rollback;
mod schema;
mod secrets;
mod show;
mod simulate;
mod snapshot;
mod status;
mod token;

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Globals;
use crate::session;

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a manifest for a project that has none
    Init(init::Init),
    /// Judge the manifest
    Check(check::Check),
    /// Print the JSON Schema of the manifest
    Schema(schema::Schema),
    /// Show what a deployment would do
    Plan(plan::Plan),
    /// Play what a deployment would do, and tell what would happen
    Simulate(simulate::Simulate),
    /// Bring a source live in an environment
    Deploy(deploy::Deploy),
    /// Return to what an earlier deployment had made live
    Rollback(rollback::Rollback),
    /// Approve a plan, with an SSH key that the environment names
    Approve(approve::Approve),
    /// List the plans that have to be approved
    Approvals(approvals::Approvals),
    /// Tell what serves, and how it is
    Status(status::Status),
    /// Tell what was deployed
    History(history::History),
    /// Tell all that is on record of a deployment
    Show(show::Show),
    /// Read what slots write
    Logs(logs::Logs),
    /// Settle a deployment that was cut off
    Resume(resume::Resume),
    /// Take all of an environment away
    Down(down::Down),
    /// Bring databases to their migrations, and change nothing else
    #[command(subcommand)]
    Migrate(migrate::Command),
    /// Keep the data of databases, and bring it back
    #[command(subcommand)]
    Backup(backup::Command),
    /// Keep what serves together with its data, and return there
    #[command(subcommand)]
    Snapshot(snapshot::Command),
    /// Keep the values of secrets in the project, encrypted
    #[command(subcommand)]
    Secrets(secrets::Command),
    /// Judge certificates, and tell which ones are shown
    #[command(subcommand)]
    Certs(certs::Command),
    /// Look after hosts: this machine, and others
    #[command(subcommand)]
    Host(host::Command),
    /// Tell who did what, when, why and how it ended
    #[command(subcommand)]
    Audit(audit::Command),
    /// Serve AI agents: the Model Context Protocol over standard input and output, or HTTP
    Mcp(mcp::Mcp),
    /// Let agents in that reach this project's server by HTTP
    #[command(subcommand)]
    Token(token::Command),
    /// Print a script that completes commands in a shell
    Completions(completions::Completions),
    /// Keep the program of a folder alive
    #[command(hide = true)]
    Keeper(keeper::Keeper),
    /// Route requests
    #[command(hide = true)]
    Proxy(proxy::Proxy),
}

impl Command {
    /// Does what it says, and tells how the process ends.
    pub fn run(self, globals: &Globals) -> ExitCode {
        match self {
            Self::Init(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Check(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Schema(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Plan(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Simulate(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Deploy(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Rollback(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Approve(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Approvals(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Status(command) => session::run(globals, async |session| command.answer(session).await),
            Self::History(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Show(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Logs(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Resume(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Down(command) => session::run(globals, async |session| command.answer(session).await),
            Self::Migrate(command) => command.run(globals),
            Self::Backup(command) => command.run(globals),
            Self::Snapshot(command) => command.run(globals),
            Self::Secrets(command) => command.run(globals),
            Self::Certs(command) => command.run(globals),
            Self::Host(command) => command.run(globals),
            Self::Audit(command) => command.run(globals),
            Self::Mcp(command) => command.run(globals),
            Self::Token(command) => command.run(globals),
            Self::Completions(command) => command.run(),
            Self::Keeper(role) => role.run(),
            Self::Proxy(role) => role.run(),
        }
    }
}
