//! What lies outside of the hosts: asking routes as a client does, and the project's hooks.

use std::collections::BTreeMap;

use async_trait::async_trait;
use plimsoll_api::HostError;
use plimsoll_build::hooks::{self, Hook};
use plimsoll_engine::{Milestone, Outside, RouteCheck};
use plimsoll_model::deployment::Failure;
use plimsoll_model::plan::{Intent, Plan};
use plimsoll_model::{DeploymentId, HostName};

use crate::Event;
use crate::error::failure_of;
use crate::request::{self, Place, Unanswered};
use crate::workbench::Workbench;

/// The world around a deployment.
pub(crate) struct Surroundings<'a> {
    /// The operator's side.
    pub(crate) bench: &'a Workbench<'a>,
    /// What is carried out.
    pub(crate) plan: &'a Plan,
    /// Why.
    pub(crate) reason: Option<&'a str>,
}

#[async_trait]
impl Outside for Surroundings<'_> {
    async fn check(&self, host: &HostName, check: &RouteCheck) -> Result<(), Failure> {
        let place = match self.place(host).await {
            Ok(place) => place,
            Err(error) => return self.unseen(host, check, &error.to_string()),
        };
        match request::until_answered(&place, check).await {
            Ok(()) => Ok(()),
            Err(Unanswered::NoWay(why)) => self.unseen(host, check, &why),
            Err(Unanswered::Bad(why)) => {
                let message = format!("{} does not answer at {}: {why}", check.component, request::spoken(&place, check));
                Err(Failure::new("route-check-failed", message).with_help("see what the component says: plimsoll logs"))
            }
        }
    }

    async fn reached(&self, id: &DeploymentId, milestone: Milestone) -> Result<(), Failure> {
        match &milestone {
            Milestone::BeforeSwitch => self.hook(hooks::Moment::BeforeSwitch, Some(id), &[]).await,
            Milestone::AfterCommit => self.hook(hooks::Moment::AfterCommit, Some(id), &[("PLIMSOLL_OUTCOME", "committed")]).await,
            Milestone::AfterRollback(failure) => {
                let facts = [
                    ("PLIMSOLL_OUTCOME", "rolled_back"),
                    ("PLIMSOLL_FAILURE", failure.message.as_str()),
                    ("PLIMSOLL_FAILURE_CODE", failure.code.as_str()),
                ];
                self.hook(hooks::Moment::AfterRollback, Some(id), &facts).await
            }
        }
    }
}

impl Surroundings<'_> {
    async fn place(&self, host: &HostName) -> Result<Place, HostError> {
        if *host == HostName::local() { Ok(Place::Here) } else { self.bench.context.ssh.address(host).await.map(Place::There) }
    }

    /// A route that cannot be reached from here has been asked on its host, so that is no failure; but whoever deploys should know.
    fn unseen(&self, host: &HostName, check: &RouteCheck, why: &str) -> Result<(), Failure> {
        let message = format!("the route of {} on {host} was asked on the host only: port {}: {why}", check.component, check.matches.port);
        drop(self.bench.progress.send(Event::Notice { message }));
        Ok(())
    }

    /// Runs the project's command for `moment`, if it has one.
    pub(crate) async fn hook(&self, moment: hooks::Moment, id: Option<&DeploymentId>, more: &[(&str, &str)]) -> Result<(), Failure> {
        let Some(command) = moment.command(&self.bench.project.hooks) else { return Ok(()) };
        let mut facts = self.facts();
        facts.extend(id.map(|id| ("PLIMSOLL_DEPLOYMENT".to_owned(), id.to_string())));
        facts.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let hook = Hook {
            moment,
            command,
            folder: &self.bench.context.project,
            facts: &facts,
            limit_ms: hooks::LIMIT_MS,
            cache: &self.bench.cache,
            redactor: &self.bench.redactor,
            notify: &|event| self.bench.told(event),
        };
        hooks::run(&hook).await.map_err(|error| failure_of(&error))
    }

    /// What every hook finds in its environment.
    fn facts(&self) -> BTreeMap<String, String> {
        let (source, holder) = (&self.plan.source, &self.bench.context.holder);
        let intent = match self.plan.intent {
            Intent::Deploy => "deploy",
            Intent::Rollback { .. } => "rollback",
            Intent::Migrate => "migrate",
            Intent::Down => "down",
        };
        let hash = self.plan.hash().to_string();
        let facts = [
            ("PLIMSOLL_PROJECT", Some(self.plan.key.project.as_str())),
            ("PLIMSOLL_ENVIRONMENT", Some(self.plan.key.environment.as_str())),
            ("PLIMSOLL_INTENT", Some(intent)),
            ("PLIMSOLL_PLAN", Some(hash.as_str())),
            ("PLIMSOLL_VERSION", Some(source.version.as_str())),
            ("PLIMSOLL_COMMIT", source.commit.as_deref()),
            ("PLIMSOLL_BRANCH", source.branch.as_deref()),
            ("PLIMSOLL_USER", Some(holder.user.as_str())),
            ("PLIMSOLL_REASON", self.reason),
        ];
        facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
    }
}
