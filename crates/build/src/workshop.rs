//! Where the components of a project are built and tested: what each command runs in, is told, and leaves its log in.

use std::collections::BTreeMap;

use plimsoll_model::ComponentName;
use plimsoll_model::manifest::project::{Component, Project};
use plimsoll_model::secret::Redactor;

use crate::script::Script;
use crate::{Cache, Notify, Sources, Task};

/// All that building and testing need.
pub struct Workshop<'a> {
    /// The files to build from.
    pub sources: &'a Sources,
    /// The project, as its manifest describes it.
    pub project: &'a Project,
    /// What it is built for.
    pub platform: &'a str,
    /// Where releases and logs are kept.
    pub cache: &'a Cache,
    /// Knows what must not be shown.
    pub redactor: &'a Redactor,
    /// Who is told.
    pub notify: Notify<'a>,
}

impl Workshop<'_> {
    /// A command that is run in the folder of the component `name`.
    pub(crate) fn script<'a>(&'a self, task: Task, name: &ComponentName, component: &Component, command: &'a str) -> Script<'a> {
        Script {
            log: self.cache.log(&task),
            task,
            command,
            folder: component.path.under(self.sources.root()),
            facts: self.facts(name),
            limit_ms: None,
            redactor: self.redactor,
            notify: self.notify,
        }
    }

    /// What a command finds in its environment. A release is not named after these: a build that puts them into what it
    /// makes puts in those of the first build.
    fn facts(&self, component: &ComponentName) -> BTreeMap<String, String> {
        let source = self.sources.source();
        let facts = [
            ("PLIMSOLL_PROJECT", Some(self.project.name.as_str())),
            ("PLIMSOLL_ENVIRONMENT", Some(self.project.environment.name.as_str())),
            ("PLIMSOLL_COMPONENT", Some(component.as_str())),
            ("PLIMSOLL_PLATFORM", Some(self.platform)),
            ("PLIMSOLL_VERSION", Some(source.version.as_str())),
            ("PLIMSOLL_COMMIT", source.commit.as_deref()),
            ("PLIMSOLL_BRANCH", source.branch.as_deref()),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
    }
}
