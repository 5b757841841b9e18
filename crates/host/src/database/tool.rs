//! The project's own tool, run where a program of its component would run, and as that: to its end, one command at a time.
//!
//! What a tool does, only the tool knows. So it is asked for the level of the schema before and after, and what it answered is kept: by that, a run
//! that was cut off can be taken back, and a rollback knows where to.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::database::Direction;
use plimsoll_model::plan::ToolRun;
use plimsoll_model::slot::ProcessSpec;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey, SlotId};
use serde::{Deserialize, Serialize};

use crate::ledger::SlotRow;
use crate::supervise::Life;
use crate::trouble::Trouble;
use crate::world::World;

/// The variable that tells `down` where to.
const TARGET: &str = "PLIMSOLL_TARGET";

/// How many of its last lines are looked at, and shown where it fails.
const LINES: u32 = 20;

/// How long a tool may take to end when it is told to, in milliseconds.
const GRACE_MS: u64 = 10_000;

/// What is kept of the runs of a database's tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levels {
    /// How many runs there were. The last one may still go on.
    runs: u32,
    /// Where the deployment that ran it last had found the schema.
    before: Option<Before>,
    /// The level that migrations of each content led to.
    known: BTreeMap<Digest, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    deployment: DeploymentId,
    level: String,
}

/// A tool at work on a database.
pub(crate) struct Bench<'a> {
    pub(crate) world: &'a World,
    pub(crate) key: &'a EnvironmentKey,
    pub(crate) database: &'a ComponentName,
    /// On whose behalf.
    pub(crate) deployment: &'a DeploymentId,
    pub(crate) run: &'a ToolRun,
}

impl Bench<'_> {
    /// Leads the schema where it is to be.
    pub(crate) async fn apply(&self) -> Result<(), Trouble> {
        let mut levels = self.levels().await?;
        match self.run.direction {
            Direction::Up => {
                if levels.before.as_ref().is_none_or(|before| before.deployment != *self.deployment) {
                    let level = self.level(&mut levels).await?;
                    levels.before = Some(Before { deployment: self.deployment.clone(), level });
                    self.note(&levels).await?;
                }
                plimsoll_crashpoint::reach!("host: before tool");
                self.tool(&mut levels, &self.run.own.tool.up, None).await?;
                plimsoll_crashpoint::reach!("host: after tool");
                let level = self.level(&mut levels).await?;
                levels.known.insert(self.run.to, level);
                self.note(&levels).await
            }
            Direction::Down => {
                let target = levels.known.get(&self.run.to).cloned().ok_or_else(|| self.unknown())?;
                self.lead_back(&mut levels, &target).await
            }
        }
    }

    /// Leads the schema back to where the deployment found it. What nothing says how to undo stays: it has to suit the program before anyway, as that
    /// serves meanwhile.
    pub(crate) async fn undo(&self) -> Result<(), Trouble> {
        let mut levels = self.levels().await?;
        let before = levels.before.clone().filter(|before| self.run.direction == Direction::Up && before.deployment == *self.deployment);
        // Where it was not even asked for the level, it was not run.
        let Some(Before { level, .. }) = before else { return Ok(()) };
        if self.run.own.tool.down.is_none() {
            tracing::warn!(database = %self.database, key = %self.key, "`migrate` has no `down`: what the tool did stays");
            return self.last_ended(&levels).await;
        }
        self.lead_back(&mut levels, &level).await
    }

    async fn lead_back(&self, levels: &mut Levels, target: &str) -> Result<(), Trouble> {
        if self.level(levels).await? == target {
            return Ok(());
        }
        let Some(down) = &self.run.own.tool.down else { return Err(self.unknown()) };
        plimsoll_crashpoint::reach!("host: before tool");
        self.tool(levels, down, Some(target)).await?;
        plimsoll_crashpoint::reach!("host: after tool");
        let level = self.level(levels).await?;
        if level == target { Ok(()) } else { Err(self.elsewhere(&level, target)) }
    }

    /// What the tool says of the schema.
    async fn level(&self, levels: &mut Levels) -> Result<String, Trouble> {
        let said = self.tool(levels, &self.run.own.tool.status, None).await?;
        let printed: Vec<&str> = said.iter().filter_map(|line| printed(line)).collect();
        Ok(printed.join("\n").trim().to_owned())
    }

    /// Runs one of its commands to its end, and gives its last lines.
    async fn tool(&self, levels: &mut Levels, command: &str, target: Option<&str>) -> Result<Vec<String>, Trouble> {
        self.last_ended(levels).await?;
        levels.runs += 1;
        // Known before it begins: a daemon after this one waits for it.
        self.note(levels).await?;
        let row = self.row(levels.runs, command, target);
        let supervisor = &self.world.supervisor;
        supervisor.judge(&row)?;
        let secrets = self.world.secrets.read(self.key, &row.component, &row.config).await?;
        let folder = self.world.releases.folder(self.key, self.database, &self.run.release);
        supervisor.start(&row, folder, &secrets, Life::Once).await?;
        let limit = Duration::from_millis(self.run.own.tool.timeout_ms);
        let ended = tokio::time::timeout(limit, supervisor.ended(self.key, &row.slot)).await;
        // Whatever it wrote is written then.
        supervisor.stop(self.key, &row.slot, GRACE_MS).await?;
        let said = supervisor.output(self.key, &row.slot, LINES).await;
        supervisor.forget(self.key, &row.slot).await?;
        match ended {
            Ok(ended) if ended.well => Ok(said),
            Ok(ended) => Err(self.failed(command, &ended.how).with_output(said)),
            Err(_) => Err(self.late(command).with_output(said)),
        }
    }

    /// Waits for a run that a daemon before this one has begun: to end it in the middle would do more harm.
    async fn last_ended(&self, levels: &Levels) -> Result<(), Trouble> {
        let Some(slot) = (levels.runs > 0).then(|| SlotId::numbered(self.database, levels.runs)) else { return Ok(()) };
        let limit = Duration::from_millis(self.run.own.tool.timeout_ms);
        let supervisor = &self.world.supervisor;
        if tokio::time::timeout(limit, supervisor.ended(self.key, &slot)).await.is_err() {
            tracing::warn!(%slot, key = %self.key, "a run of a tool takes too long, and is ended");
        }
        supervisor.stop(self.key, &slot, GRACE_MS).await?;
        supervisor.forget(self.key, &slot).await
    }

    /// As a program of the component would be run, but for its port and its name.
    fn row(&self, number: u32, command: &str, target: Option<&str>) -> SlotRow {
        let tool = &self.run.own.tool;
        let target = target.map(|target| (TARGET.to_owned(), target.to_owned()));
        let health = HealthCheck { question: Question::StaysUp { for_ms: 0 }, interval_ms: 1, timeout_ms: 1 };
        let spec = ProcessSpec {
            run: command.to_owned(),
            health,
            env: tool.env.clone().into_iter().chain(target).collect(),
            secrets: BTreeMap::new(),
            user: tool.user.clone(),
            limits: tool.limits.clone(),
            start_timeout_ms: tool.timeout_ms,
            drain_timeout_ms: GRACE_MS,
        };
        SlotRow {
            key: self.key.clone(),
            component: tool.component.clone(),
            slot: SlotId::numbered(self.database, number),
            release: self.run.release,
            config: self.run.config,
            spec,
            port: 0,
            running: true,
        }
    }

    async fn levels(&self) -> Result<Levels, Trouble> {
        self.world.databases.levels(self.key, self.database).await
    }

    async fn note(&self, levels: &Levels) -> Result<(), Trouble> {
        self.world.databases.note(self.key, self.database, levels).await
    }

    fn failed(&self, command: &str, how: &str) -> Trouble {
        Trouble::new("migration-tool", format!("`{command}`, which migrates {} of {}, ended with {how}", self.database, self.key))
            .with_help("see its output; it was run in the release's folder, with the variables and secrets of the component")
    }

    fn late(&self, command: &str) -> Trouble {
        let message = format!("`{command}`, which migrates {} of {}, took longer than {} ms", self.database, self.key, self.run.own.tool.timeout_ms);
        Trouble::new("migration-timeout", message).with_help("see its output and what the database waits for; or raise `timeout` of `migrate`")
    }

    fn elsewhere(&self, level: &str, target: &str) -> Trouble {
        let message = format!("`down` of {} of {} went well, and then `status` says {level:?} and not {target:?}", self.database, self.key);
        Trouble::new("migration-tool", message)
            .with_help("bring the schema there by hand; see that `status` prints the same words for the same schema")
    }

    fn unknown(&self) -> Trouble {
        let message = format!("it is not known to which level {} of {} had been migrated then", self.database, self.key);
        Trouble::new("migration-level", message).with_help("this host never ran the tool with those migrations: lead the schema back by hand")
    }
}

/// What a program printed, of a line of its output: after its time and its stream.
fn printed(line: &str) -> Option<&str> {
    let mut parts = line.splitn(3, ' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some("out"), text) => Some(text.unwrap_or_default()),
        _ => None,
    }
}
