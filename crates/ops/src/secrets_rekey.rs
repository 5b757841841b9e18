//! Encrypts the environment's file anew, so that just those can read it whom the manifest names now.

use plimsoll_model::EnvironmentName;
use plimsoll_vault::{Difference, VaultFile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secrets::{opened, readers, revised};
use crate::{Context, Exit, OpError, Progress, project};

/// What is to be encrypted anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// Who can read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The file, from the project's folder.
    pub file: String,
    /// Who can read it now.
    pub readers: Vec<String>,
    /// Who of them could not before.
    pub added: Vec<String>,
    /// Who could before. What they could read then is in the history of the project.
    pub removed: Vec<String>,
}

/// Encrypts it anew, with a new key for its content.
///
/// # Errors
/// There is no such file, the manifest names nobody, or none of the caller's keys opens it.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let file = VaultFile::of(&context.project, &input.environment);
    if !file.exists() {
        let error = OpError::new(Exit::Usage, "secrets-no-file", format!("there is no {}", file.name()));
        return Err(error.with_help(format!("keep a secret in it first: plimsoll secrets set {} NAME", input.environment)));
    }
    let seen = opened(context, &input.environment).await?;
    let (document, named) = (seen.document.clone(), &loaded.project.secrets.recipients);
    let Difference { waiting, lingering } = document.compared_with(named);
    revised(context, &loaded, seen, document).await?;
    Ok(Output { file: file.name(), readers: readers(named), added: readers(&waiting), removed: readers(&lingering) })
}
