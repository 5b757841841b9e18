//! What leads a database, by the project's own tool, from the migrations that were applied last to those that it shall have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DesiredComponent, Intent, SchemaTrouble, Served};
use crate::database::{Direction, Files, Own};
use crate::{ConfigHash, Digest, ReleaseId};

/// A run of the project's own tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToolRun {
    /// The tool, as the release has it.
    pub own: Box<Own>,
    /// The release that it is run in.
    pub release: ReleaseId,
    /// The configuration that the values of its secrets belong to.
    pub config: ConfigHash,
    /// Which way it is run.
    pub direction: Direction,
    /// The content of the migrations that it leads to.
    pub to: Digest,
}

impl ToolRun {
    /// Its command line; empty when it shall lead back and cannot.
    #[must_use]
    pub fn command(&self) -> &str {
        match self.direction {
            Direction::Up => &self.own.tool.up,
            Direction::Down => self.own.tool.down.as_deref().unwrap_or_default(),
        }
    }
}

/// The run that leads from what serves to what is `wanted`. A tool applies whatever its release has; only a rollback leads back, with the tool of what
/// serves, as that knows what is to be undone.
///
/// # Errors
/// There is no way back.
pub(super) fn run(own: &Own, wanted: &DesiredComponent, served: Option<&Served>, intent: &Intent) -> Result<Option<ToolRun>, SchemaTrouble> {
    let before = served.and_then(|served| Some((served, served.own()?)));
    let up =
        || ToolRun { own: Box::new(own.clone()), release: wanted.release, config: wanted.config(), direction: Direction::Up, to: own.files.content };
    match before {
        Some((_, before)) if before.files.content == own.files.content => Ok(None),
        Some((served, before)) if matches!(intent, Intent::Rollback { .. }) && !before.files.names.is_subset(&own.files.names) => {
            judge_back(before, &own.files)?;
            let (release, config) = (served.release, served.config);
            Ok(Some(ToolRun { own: Box::new(before.clone()), release, config, direction: Direction::Down, to: own.files.content }))
        }
        _ => Ok(Some(up())),
    }
}

fn judge_back(before: &Own, wanted: &Files) -> Result<(), SchemaTrouble> {
    let undo = before.files.names.difference(&wanted.names).next();
    match (undo, wanted.names.difference(&before.files.names).next(), &before.tool.down) {
        (Some(undo), Some(apply), _) => Err(SchemaTrouble::Crossed { undo: undo.clone(), apply: apply.clone() }),
        (_, None, None) => Err(SchemaTrouble::OneWay),
        _ => Ok(()),
    }
}
