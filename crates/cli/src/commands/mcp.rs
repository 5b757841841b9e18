//! `plimsoll mcp`: serves AI agents, over standard input and output or over HTTP; `plimsoll mcp install` tells clients of it.

mod install;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use plimsoll_mcp::Server;
use plimsoll_mcp::http::{Door, Manner, Shown};
use plimsoll_model::EnvironmentName;
use plimsoll_model::deployment::Holder;
use plimsoll_ops::{Answer, Context, Doorkeeper, Exit, OpError, Scope, certificate_of};
use serde_json::json;

use crate::args::Globals;
use crate::console::{self, Console};
use crate::render::error::{Around, error};
use crate::render::event;
use crate::{caller, interrupt, keys, log, session};

/// Serve AI agents: the Model Context Protocol over standard input and output, or HTTP
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
    /// Listen at this address for agents that have a token, as 127.0.0.1:8443
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    #[command(flatten)]
    over_http: OverHttp,
}

/// What is of use with an address alone.
#[derive(Debug, clap::Args)]
struct OverHttp {
    /// The certificate that is shown, with those that lead to its authority
    #[arg(long, value_name = "FILE", requires = "http", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Speak plain HTTP with others than this machine, too
    #[arg(long, requires = "http", conflicts_with = "tls_cert")]
    insecure_http: bool,
    /// Be spoken to under this name, too
    #[arg(long = "allow-host", value_name = "NAME", requires = "http")]
    hosts: Vec<String>,
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
        // Standard output is the protocol's where there is no address, and nobody can be asked.
        let over_http = self.http.is_some();
        let console = Console::machine();
        let keys = keys::ring(globals.identity.as_deref(), console);
        match caller::context(globals.project.as_deref(), console, keys).and_then(|context| self.serve(context, globals)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                console::tell(&error(&failure, Around { excerpts: None, log: log::current() }));
                if over_http && (globals.manner.json || globals.manner.events) {
                    Console { manner: globals.manner }.line(&Answer::of_error(&failure, log::current()));
                }
                ExitCode::from(failure.exit as u8)
            }
        }
    }

    fn serve(self, context: Context, globals: &Globals) -> Result<(), OpError> {
        log::begin(&context.home, "mcp", false);
        let holder = Holder { surface: "mcp".into(), ..context.holder };
        let context = Context { holder, log: log::current().map(Path::to_owned), ..context };
        let scope = Scope { read_only: self.read_only, environments: self.environments.into_iter().collect() };
        session::on_runtime(async {
            let told = interrupt::listen(context.cancel.clone());
            let _told = told.map_err(|error| OpError::new(Exit::Host, "system", format!("signals cannot be heard: {error}")))?;
            match self.http {
                None => plimsoll_mcp::serve(Server::new(context, scope, event::agent_line)).await,
                Some(address) => {
                    let doorkeeper = Doorkeeper::of(&context)?;
                    let door = self.over_http.open(&context, address)?;
                    announce(&door, globals);
                    plimsoll_mcp::serve_http(Server::new(context, scope, event::agent_line), door, doorkeeper).await
                }
            }
        })
    }
}

impl OverHttp {
    fn open(self, context: &Context, address: SocketAddr) -> Result<Door, OpError> {
        let certificate = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(shown(context, here(certificate)?, here(key)?)?),
            _ => None,
        };
        Door::open(address, Manner { certificate, insecure: self.insecure_http, names: self.hosts })
    }
}

/// The certificate of these files; a renewed one as soon as it is there.
fn shown(context: &Context, certificate: String, key: String) -> Result<Shown, OpError> {
    let (context, files) = (context.clone(), [&certificate, &key].map(PathBuf::from));
    Shown::of(files, move || certificate_of(&context, &certificate, &key))
}

/// A file, named from the folder that the command was called in.
fn here(file: &Path) -> Result<String, OpError> {
    let path = std::path::absolute(file).ok().and_then(|path| path.to_str().map(str::to_owned));
    path.ok_or_else(|| OpError::new(Exit::Usage, "file-unnamed", format!("{} is no name of a file", file.display())))
}

/// Tells people where to find it; and programs that want to know.
fn announce(door: &Door, globals: &Globals) {
    console::tell(&format!("listening at {}", door.url()));
    if globals.manner.json || globals.manner.events {
        let answer = Answer::done("listening", &json!({ "url": door.url() }));
        Console { manner: globals.manner }.line(&answer);
    }
}
