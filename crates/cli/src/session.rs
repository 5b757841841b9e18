//! One run of a command: where it was called, how it talks, and what it shows while an operation goes on.

use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;

use plimsoll_ops::{Answer, Approve, Context, Event, Exit, OpError, Progress};
use tokio::sync::mpsc;

use crate::answer::Reply;
use crate::args::Globals;
use crate::consent::{self, Question};
use crate::console::{self, Console};
use crate::render::error::{Around, error};
use crate::screen::Screen;
use crate::{caller, interrupt, keys, log};

/// One run of a command.
pub struct Session {
    /// How it talks.
    pub console: Console,
    /// Where it was called.
    pub context: Context,
}

/// What is told to whoever owns the screen while an operation goes on.
struct Signals {
    events: mpsc::UnboundedReceiver<Event>,
    questions: mpsc::UnboundedReceiver<Question>,
    interrupts: mpsc::UnboundedReceiver<()>,
}

/// Runs a command, shows what comes of it, and tells how the process ends.
pub fn run(globals: &Globals, command: impl AsyncFnOnce(&Session) -> Result<Reply, OpError>) -> ExitCode {
    let console = Console { manner: globals.manner };
    let project = globals.project.as_deref();
    let keys = keys::ring(globals.identity.as_deref(), console);
    match caller::context(project, console, keys).and_then(|context| answer(&Session { console, context }, command)) {
        Ok(reply) => done(console, &reply),
        Err(failure) => failed(console, project, &failure),
    }
}

fn answer(session: &Session, command: impl AsyncFnOnce(&Session) -> Result<Reply, OpError>) -> Result<Reply, OpError> {
    on_runtime(command(session))
}

/// Does `work` to its end.
///
/// # Errors
/// Its own, or the system gives no threads.
pub fn on_runtime<T>(work: impl Future<Output = Result<T, OpError>>) -> Result<T, OpError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| OpError::new(Exit::Host, "system", format!("the system gives no threads: {error}")))?;
    let answered = runtime.block_on(work);
    // A question to a person may still wait for its line.
    runtime.shutdown_background();
    answered
}

fn done(console: Console, reply: &Reply) -> ExitCode {
    if console.serves_machine() {
        console.answer(&reply.answer);
    } else {
        console::print(&reply.text);
        if let Some(next) = &reply.answer.help {
            console::tell(&format!("next: {next}"));
        }
    }
    ExitCode::SUCCESS
}

fn failed(console: Console, project: Option<&Path>, failure: &OpError) -> ExitCode {
    tracing::error!(code = failure.code, "{failure}");
    if console.serves_machine() {
        console.answer(&Answer::of_error(failure, log::current()));
    } else {
        let here = project.unwrap_or(Path::new("."));
        console::tell(&error(failure, Around { excerpts: console.can_draw().then_some(here), log: log::current() }));
    }
    ExitCode::from(failure.exit as u8)
}

impl Session {
    /// Runs an operation that changes nothing, and shows what it tells. An interrupt ends the process.
    ///
    /// # Errors
    /// Those of the operation.
    pub async fn look<T>(&self, work: impl AsyncFnOnce(&Context, &Progress) -> Result<T, OpError>) -> Result<T, OpError> {
        let (progress, events) = mpsc::unbounded_channel();
        let signals = Signals { events, questions: mpsc::unbounded_channel().1, interrupts: mpsc::unbounded_channel().1 };
        self.watch(signals, work(&self.context, &progress)).await
    }

    /// Runs an operation that changes an environment: with a log called `name`, someone to say yes to its plan, the name that the caller gave the call, and
    /// an interrupt that ends it in good order.
    ///
    /// # Errors
    /// Those of the operation.
    pub async fn undertake<T>(
        &self,
        name: &str,
        (yes, idempotency_key): (bool, Option<String>),
        work: impl AsyncFnOnce(&Context, &dyn Approve, &Progress) -> Result<T, OpError>,
    ) -> Result<T, OpError> {
        log::begin(&self.context.home, name, self.console.manner.verbose);
        tracing::info!(version = env!("CARGO_PKG_VERSION"), holder = %self.context.holder, project = %self.context.project.display(), "{name}");
        let interrupts = interrupt::listen(self.context.cancel.clone());
        let interrupts = interrupts.map_err(|error| OpError::new(Exit::Host, "system", format!("signals cannot be heard: {error}")))?;
        let context = Context { log: log::current().map(Path::to_owned), idempotency_key, ..self.context.clone() };
        let (progress, events) = mpsc::unbounded_channel();
        let (asker, questions) = mpsc::unbounded_channel();
        let approver = consent::approver(self.console, yes, asker);
        self.watch(Signals { events, questions, interrupts }, work(&context, approver.as_ref(), &progress)).await
    }

    /// Shows what is told until `work` is done.
    async fn watch<T>(&self, mut signals: Signals, work: impl Future<Output = Result<T, OpError>>) -> Result<T, OpError> {
        let (mut screen, mut work) = (Screen::of(self.console), pin!(work));
        loop {
            tokio::select! {
                biased;
                Some(event) = signals.events.recv() => screen.event(&event),
                Some(question) = signals.questions.recv() => question.ask(),
                Some(()) = signals.interrupts.recv() => screen.say("stopping: what has begun is rolled back; once more leaves at once"),
                done = &mut work => {
                    while let Ok(event) = signals.events.try_recv() {
                        screen.event(&event);
                    }
                    return done;
                }
            }
        }
    }
}
