//! Sets a bare server up as a host: logins, the daemon as a service of the system, SSH by keys only, a firewall, updates.
//!
//! What is judged and done on the server is told in `plimsoll_provision`; here is the order of it: look, ask, open, try the logins, close, try
//! them again by connections of their own, and only then keep what was closed.

use std::sync::Mutex;

use plimsoll_model::HostName;
use plimsoll_model::deployment::Failure;
use plimsoll_provision::{Line, PROGRAM, Visit, Wishes};
pub use plimsoll_provision::{Seen, Told};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bring::Bringing;
use crate::{Context, Event, Exit, OpError, Progress};

/// Which server, and what it shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// As one would write it after `ssh`: root, or a login that may use `sudo` without a password.
    pub host: HostName,
    /// What it shall be.
    pub wishes: Wishes,
    /// Whether somebody has seen what will be done, and agreed. If not, nothing is.
    #[serde(default)]
    pub agreed: bool,
}

/// The server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// As it was called.
    pub host: HostName,
    /// As it is to be called in manifests from now on.
    pub deploys_as: HostName,
    /// As whoever looks after it calls it from now on.
    pub looked_after_as: HostName,
    /// What every measure said before.
    pub measures: Vec<Seen>,
    /// What was done.
    pub done: Vec<Told>,
}

impl Output {
    /// Whether something is to be done that nobody has agreed to.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.done.is_empty() && self.measures.iter().any(|seen| seen.state == "do")
    }
}

/// Looks at the server, and does what is missing when somebody has agreed. Done twice, the second time there is nothing to do.
///
/// # Errors
/// There is no way to it, a measure cannot be taken (`measure-barred`, `measure-failed`), or the logins do not open it afterwards
/// (`login-fails`): then what could have locked somebody out is taken back.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let Input { host, wishes, agreed } = input;
    wishes.judge().map_err(|error| OpError::new(Exit::Usage, "wishes-unfit", error.to_string()))?;
    let visitor = Visitor::come(context, &host, &wishes, progress).await?;
    let measures = visitor.look().await?;
    let looked_after_as = if visitor.is_root() { at(&host, &wishes.admin)? } else { host.clone() };
    let mut output = Output { deploys_as: at(&host, &wishes.login)?, looked_after_as, host: host.clone(), measures, done: Vec::new() };
    barred(&output)?;
    if agreed && output.waits() {
        output.done = visitor.set_up(&output).await?;
    } else if !output.waits() {
        visitor.leave().await;
    }
    Ok(output)
}

/// Who sets a server up.
struct Visitor<'a> {
    context: &'a Context,
    host: &'a HostName,
    wishes: &'a Wishes,
    progress: &'a Progress,
    /// The command that starts the program there.
    program: String,
}

impl<'a> Visitor<'a> {
    /// With the program that runs here.
    async fn come(context: &'a Context, host: &'a HostName, wishes: &'a Wishes, progress: &'a Progress) -> Result<Self, OpError> {
        let bringing = Bringing::look(context, host).await?;
        let program = bringing.lend(context, host).await?;
        Ok(Self { context, host, wishes, progress, program })
    }

    fn is_root(&self) -> bool {
        !self.program.starts_with("sudo ")
    }

    async fn look(&self) -> Result<Vec<Seen>, OpError> {
        let lines = self.visit(&self.program, Visit::Look).await?;
        Ok(lines.into_iter().filter_map(|line| if let Line::Seen(seen) = line { Some(seen) } else { None }).collect())
    }

    async fn set_up(&self, plan: &Output) -> Result<Vec<Told>, OpError> {
        let mut done = self.visit(&self.program, Visit::Open).await?;
        self.try_logins(plan).await?;
        // From here on the server's own program is used: what was lent is not needed any more.
        let program = if self.is_root() { PROGRAM.to_owned() } else { format!("sudo -n {PROGRAM}") };
        self.leave().await;
        if plan.measures.iter().any(|seen| seen.state == "do" && seen.stage == plimsoll_provision::Stage::Closing) {
            done.extend(self.close(&program, plan).await?);
        }
        Ok(done.into_iter().filter_map(|line| if let Line::Told(told) = line { Some(told) } else { None }).collect())
    }

    /// What is closed stays closed only when the logins open the server after that too.
    async fn close(&self, program: &str, plan: &Output) -> Result<Vec<Line>, OpError> {
        let closed = async {
            let done = self.visit(program, Visit::Close).await?;
            self.try_logins(plan).await?;
            self.context.ssh.log_in(&plan.looked_after_as, &format!("sudo -n {PROGRAM} host visit keep")).await?;
            Ok(done)
        };
        match closed.await {
            Ok(done) => Ok(done),
            Err(error) => Err(self.take_back(program, error).await),
        }
    }

    /// Over the connection that stands. Where it does not any more, the server's own timer does it.
    async fn take_back(&self, program: &str, error: OpError) -> OpError {
        match self.visit(program, Visit::Back).await {
            Ok(_) => OpError { message: format!("{}; the firewall and the settings of SSH are as before", error.message), ..error },
            Err(_) => OpError {
                message: format!("{}; the server itself takes the firewall and the settings of SSH back within two minutes", error.message),
                ..error
            },
        }
    }

    /// Each by a connection of its own.
    async fn try_logins(&self, plan: &Output) -> Result<(), OpError> {
        let trial = async |login: &HostName, command: &str| {
            self.context.ssh.log_in(login, command).await.map_err(|error| {
                let message = format!("{login} does not get in as it should: {error}");
                OpError::new(Exit::Host, "login-fails", message).with_help(format!("see what this tells: ssh {login} {command}"))
            })
        };
        trial(&plan.deploys_as, "plimsoll host dial").await?;
        trial(&plan.looked_after_as, "sudo -n true").await.map(drop)
    }

    async fn visit(&self, program: &str, visit: Visit) -> Result<Vec<Line>, OpError> {
        let part = serde_json::to_value(visit).ok().and_then(|part| part.as_str().map(str::to_owned)).expect("a part has a name");
        let wishes = serde_json::to_vec(self.wishes).expect("wishes are made of strings and numbers");
        let lines = Mutex::new(Vec::new());
        let hear = |text: String| {
            // Some logins greet before the program says anything.
            let Ok(line) = serde_json::from_str::<Line>(&text) else { return };
            self.tell(&line);
            lines.lock().expect("nobody panics with it").push(line);
        };
        self.context.ssh.talk(self.host, &format!("{program} host visit {part}"), &wishes, hear).await?;
        Ok(lines.into_inner().expect("nobody panics with it"))
    }

    fn tell(&self, line: &Line) {
        let Line::Told(told) = line else { return };
        let how = told.trouble.as_ref().map_or_else(|| "done".to_owned(), |why| format!("failed: {why}"));
        // Nobody may listen.
        let _ = self.progress.send(Event::Notice { message: format!("{}: {}: {how}", self.host, told.what) });
    }

    /// A file that stays behind does no harm.
    async fn leave(&self) {
        let _ = self.context.ssh.take_back(self.host).await;
    }
}

/// The same machine, for another login.
fn at(host: &HostName, login: &str) -> Result<HostName, OpError> {
    let machine = host.as_str().rsplit_once('@').map_or(host.as_str(), |(_, machine)| machine);
    HostName::new(format!("{login}@{machine}")).map_err(|error| OpError::new(Exit::Usage, "wishes-unfit", error.to_string()))
}

fn barred(output: &Output) -> Result<(), OpError> {
    let Some(seen) = output.measures.iter().find(|seen| seen.state == "barred") else { return Ok(()) };
    let mut failure = Failure::new("measure-barred", format!("{}: {}", output.host, seen.what.as_deref().unwrap_or_default()));
    failure.help.clone_from(&seen.help);
    Err(OpError::from_failure(Exit::Refused, failure))
}
