//! What building, testing and hooks share: where they keep things, what they must not show, and who is told.

use plimsoll_api::{Certificates, SecretValues};
use plimsoll_build::{BuildEvent, Cache, Task};
use plimsoll_model::manifest::project::Project;
use plimsoll_model::secret::Redactor;

use crate::{Context, Event, OpError, Progress};

/// The operator's side of a deployment.
pub(crate) struct Workbench<'a> {
    /// Who called, and from where.
    pub(crate) context: &'a Context,
    /// The project, as its manifest describes it.
    pub(crate) project: &'a Project,
    /// Where releases and logs are kept.
    pub(crate) cache: Cache,
    /// Knows what must not be shown.
    pub(crate) redactor: Redactor,
    /// Who is told.
    pub(crate) progress: &'a Progress,
}

impl<'a> Workbench<'a> {
    /// One for `project`, where the values of `secrets` are not shown.
    pub(crate) fn new(context: &'a Context, project: &'a Project, secrets: &SecretValues, progress: &'a Progress) -> Self {
        let cache = Cache::of(&context.cache, &project.name, &context.project);
        Self { context, project, cache, redactor: Redactor::new(secrets.values()), progress }
    }

    /// The same, where neither the values of `secrets` nor the keys of `certificates` are shown.
    pub(crate) fn hiding(self, secrets: &SecretValues, certificates: &Certificates) -> Self {
        Self { redactor: Redactor::new(secrets.values().chain(certificates.keys())), ..self }
    }

    /// Tells what a build, a test or a hook told.
    pub(crate) fn told(&self, event: BuildEvent) {
        if let Some(event) = translated(event) {
            drop(self.progress.send(event));
        }
    }
}

/// Does `work`, and stops it when the caller wants it to end.
pub(crate) async fn until_cancelled<T>(context: &Context, work: impl Future<Output = Result<T, OpError>>) -> Result<T, OpError> {
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => Err(OpError::cancelled()),
        done = work => done,
    }
}

fn translated(event: BuildEvent) -> Option<Event> {
    let notice = |message: String| Some(Event::Notice { message });
    match event {
        BuildEvent::Waiting { what } => notice(format!("waiting for another run of plimsoll, which uses {what}")),
        BuildEvent::CheckedOut { commit } => notice(format!("checked out commit {}", commit.get(..8).unwrap_or(&commit))),
        BuildEvent::Cached { component, release } => notice(format!("{component}: release {} was built before", release.short())),
        BuildEvent::Started { task, command } => match worked_on(&task) {
            Some((component, what)) => Some(Event::Building { component, what }),
            None => notice(format!("{task}: {command}")),
        },
        BuildEvent::Output { task, line } => Some(Event::Output { source: source(&task), line }),
        BuildEvent::Finished { task, duration_ms } => worked_on(&task).map(|(component, what)| Event::Built { component, what, ms: duration_ms }),
        // The one comes back as an error, of the other there is nothing that the plan has not told.
        BuildEvent::Failed { .. } | BuildEvent::Packed { .. } => None,
    }
}

fn worked_on(task: &Task) -> Option<(plimsoll_model::ComponentName, String)> {
    match task {
        Task::Build(component) => Some((component.clone(), "build".into())),
        Task::Test(component) => Some((component.clone(), "test".into())),
        Task::Hook(_) => None,
    }
}

fn source(task: &Task) -> String {
    worked_on(task).map_or_else(|| "hook".into(), |(component, _)| component.to_string())
}

#[cfg(test)]
mod tests {
    use plimsoll_build::hooks::Moment;

    use super::*;

    #[test]
    fn what_builds_tell_is_told_on() {
        let web = || "web".parse::<plimsoll_model::ComponentName>().unwrap();
        let line = || "line".to_owned();
        let table = [
            (
                BuildEvent::Started { task: Task::Build(web()), command: "make".into() },
                Some(Event::Building { component: web(), what: "build".into() }),
            ),
            (BuildEvent::Output { task: Task::Test(web()), line: line() }, Some(Event::Output { source: "web".into(), line: line() })),
            (BuildEvent::Output { task: Task::Hook(Moment::AfterCommit), line: line() }, Some(Event::Output { source: "hook".into(), line: line() })),
            (BuildEvent::Finished { task: Task::Test(web()), duration_ms: 7 }, Some(Event::Built { component: web(), what: "test".into(), ms: 7 })),
            (BuildEvent::Finished { task: Task::Hook(Moment::BeforeBuild), duration_ms: 7 }, None),
            (BuildEvent::Failed { task: Task::Build(web()), message: line() }, None),
        ];
        for (event, expect) in table {
            assert_eq!(translated(event.clone()), expect, "{event:?}");
        }
    }
}
