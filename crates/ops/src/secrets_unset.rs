//! Takes a secret out of the environment's file.

use plimsoll_model::EnvironmentName;
use plimsoll_vault::VaultFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secrets::{opened_to_revise, readers, revised, wanted};
use crate::{Context, Exit, OpError, Progress, SecretUsers, project};

/// What is to be taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The secret's name.
    pub name: String,
}

/// What was taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The secret.
    pub name: String,
    /// Who still wants it.
    #[serde(flatten)]
    pub users: SecretUsers,
    /// The file, from the project's folder.
    pub file: String,
    /// Who can read it now.
    pub readers: Vec<String>,
}

/// Encrypts the file anew without this secret.
///
/// # Errors
/// The file does not have it, cannot be opened or written, or can be read by others than those whom the manifest names.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let Input { environment, name } = input;
    let loaded = project::load(context, &environment)?;
    let file = VaultFile::of(&context.project, &environment).name();
    let seen = opened_to_revise(context, &loaded).await?;
    let mut document = seen.document.clone();
    if document.values.remove(&name).is_none() {
        let error = OpError::new(Exit::Usage, "secret-unknown", format!("{file} has no secret of this name"));
        return Err(error.with_help(format!("see what there is: plimsoll secrets list {environment}")));
    }
    revised(context, &loaded, seen, document).await?;
    let users = wanted(&loaded.project).remove(&name).unwrap_or_default();
    Ok(Output { name, users, file, readers: readers(&loaded.project.secrets.recipients) })
}
