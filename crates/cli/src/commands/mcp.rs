//! `plimsoll mcp`: serves an AI agent over standard input and output; `plimsoll mcp install` tells clients of it.

mod install;

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_mcp::{Rules, Server};
use plimsoll_model::EnvironmentName;
use plimsoll_model::deployment::Holder;
use plimsoll_ops::{Context, Exit, OpError};

use crate::args::Globals;
use crate::console::{self, Console};
use crate::render::error::{Around, error};
use crate::render::event;
use crate::{caller, interrupt, keys, log, session};

/// Serve an AI agent: the Model Context Protocol over standard input and output
#[derive(Debug, clap::Args)]
pub struct Mcp {
    #[command(subcommand)]
    command: Option<Command>,
    /// Offer only what changes nothing
    #[arg(long, global = true)]
    read_only: bool,
    /// Allow only this environment, and others named the same way
    #[arg(long = "allow-env", value_name = "ENVIRONMENT", global = true)]
    environments: Vec<EnvironmentName>,
}

/// What to do in the place of serving.
#[derive(Debug, Subcommand)]
enum Command {
    /// Write into the files of AI clients that this server is there for them
    Install(install::Install),
}

impl Mcp {
    /// Serves until the agent hangs up, or this process is told to end.
    pub fn run(mut self, globals: &Globals) -> ExitCode {
        if let Some(Command::Install(install)) = self.command.take() {
            return session::run(globals, async |session| install.answer(session, self.read_only, self.environments).await);
        }
        // Standard output is the protocol's, and nobody can be asked.
        let console = Console::machine();
        let keys = keys::ring(globals.identity.as_deref(), console);
        match caller::context(globals.project.as_deref(), console, keys).and_then(|context| self.serve(context)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                console::tell(&error(&failure, Around { excerpts: None, log: log::current() }));
                ExitCode::from(failure.exit as u8)
            }
        }
    }

    fn serve(self, context: Context) -> Result<(), OpError> {
        log::begin(&context.home, "mcp", false);
        let holder = Holder { surface: "mcp".into(), ..context.holder };
        let context = Context { holder, log: log::current().map(Path::to_owned), ..context };
        let rules = Rules { read_only: self.read_only, environments: self.environments.into_iter().collect() };
        session::on_runtime(async {
            let told = interrupt::listen(context.cancel.clone());
            let _told = told.map_err(|error| OpError::new(Exit::Host, "system", format!("signals cannot be heard: {error}")))?;
            plimsoll_mcp::serve(Server::new(context, rules, event::agent_line)).await
        })
    }
}
