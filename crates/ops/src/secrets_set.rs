//! Keeps the value of a secret in the environment's file.

use plimsoll_model::{EnvironmentName, Secret, manifest};
use plimsoll_vault::{VaultFile, judge_value};
use schemars::JsonSchema;
use serde::Serialize;

use crate::secrets::{opened_to_revise, readers, revised, wanted};
use crate::{Context, Exit, OpError, Progress, SecretUsers, project};

/// What is to be kept.
#[derive(Debug, Clone)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The secret's name, which is that of a variable.
    pub name: String,
    /// Its value.
    pub value: Secret<String>,
}

/// What was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The secret.
    pub name: String,
    /// It had another value before, or the same.
    pub replaced: bool,
    /// Who wants it.
    #[serde(flatten)]
    pub users: SecretUsers,
    /// The file, from the project's folder.
    pub file: String,
    /// Who can read it now.
    pub readers: Vec<String>,
}

/// Encrypts the file anew with this value in it. The values that it has are read for that, so that needs a key that opens it.
///
/// # Errors
/// The name or the value is not right, the manifest names nobody who may read it or others than those who can, or the file cannot be opened or written.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    judge(&input)?;
    let seen = opened_to_revise(context, &loaded).await?;
    let mut document = seen.document.clone();
    let replaced = document.values.insert(input.name.clone(), input.value).is_some();
    revised(context, &loaded, seen, document).await?;
    Ok(Output {
        users: wanted(&loaded.project).remove(&input.name).unwrap_or_default(),
        file: VaultFile::of(&context.project, &input.environment).name(),
        readers: readers(&loaded.project.secrets.recipients),
        name: input.name,
        replaced,
    })
}

fn judge(input: &Input) -> Result<(), OpError> {
    manifest::judge_secret_name(&input.name).map_err(|bad| OpError::new(Exit::Usage, "secret-bad-name", bad.message).with_help(bad.help))?;
    judge_value(input.value.expose()).map_err(|why| {
        let message = format!("the secret {} cannot be kept: {why}", input.name);
        OpError::new(Exit::Usage, "secret-bad-value", message).with_help("give the value on standard input: it is read to its end")
    })
}
