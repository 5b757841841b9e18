//! The environment's file, read and written apart from the thread that serves all else: a person may be asked meanwhile.

use plimsoll_model::EnvironmentName;
use plimsoll_vault::{Document, Seen, VaultError, VaultFile};

use crate::project::Loaded;
use crate::{Context, Exit, OpError};

/// What the environment's file holds; nothing when there is none.
pub(crate) async fn opened(context: &Context, environment: &EnvironmentName) -> Result<Seen, OpError> {
    let (file, keys) = (VaultFile::of(&context.project, environment), context.keys.clone());
    blocking(move || file.read(&keys)).await
}

/// Writes `document` in the place of what was `seen`, readable by those whom the manifest names.
pub(crate) async fn revised(context: &Context, loaded: &Loaded, seen: Seen, document: Document) -> Result<(), OpError> {
    let file = VaultFile::of(&context.project, &loaded.project.environment.name);
    let recipients = loaded.project.secrets.recipients.clone();
    blocking(move || file.write(&seen, document, &recipients)).await
}

/// Whether the manifest names anyone who could read the file.
pub(crate) fn readable(loaded: &Loaded) -> Result<(), OpError> {
    let environment = loaded.project.environment.name.to_string();
    if loaded.project.secrets.recipients.is_empty() { Err(unusable(&VaultError::NoRecipients { environment })) } else { Ok(()) }
}

/// What trouble with the file is to the caller.
fn unusable(error: &VaultError) -> OpError {
    let exit = match error {
        VaultError::NoRecipients { .. } | VaultError::BadRecipient { .. } | VaultError::BadKey { .. } => Exit::Manifest,
        VaultError::Changed { .. } => Exit::Refused,
        _ => Exit::Failed,
    };
    OpError::new(exit, error.code(), error.to_string()).with_help(error.help())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, VaultError> + Send + 'static) -> Result<T, OpError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| OpError::new(Exit::Bug, "bug", format!("reading secrets ended early: {error}")))?.map_err(|error| unusable(&error))
}
