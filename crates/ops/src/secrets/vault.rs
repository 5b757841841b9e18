//! The environment's file, read and written apart from the thread that serves all else: a person may be asked meanwhile.

use std::path::Path;

use plimsoll_model::{EnvironmentName, Secret};
use plimsoll_vault::{Document, Seen, Values, VaultError, VaultFile, large};

use crate::project::Loaded;
use crate::{Context, Event, Exit, OpError, Progress};

/// What the environment's file holds; nothing when there is none.
pub(crate) async fn opened(context: &Context, environment: &EnvironmentName) -> Result<Seen, OpError> {
    let (file, keys) = (VaultFile::of(&context.project, environment), context.keys.clone());
    blocking(move || file.read(&keys)).await
}

/// The same for who is about to change a value in it: then just those can read it whom the manifest names.
pub(crate) async fn opened_to_revise(context: &Context, loaded: &Loaded) -> Result<Seen, OpError> {
    let (environment, named) = (&loaded.project.environment.name, &loaded.project.secrets.recipients);
    if named.is_empty() {
        return Err(unusable(&VaultError::NoRecipients { environment: environment.to_string() }));
    }
    let seen = opened(context, environment).await?;
    VaultFile::of(&context.project, environment).judge_readers(&seen, named).map_err(|error| unusable(&error))?;
    Ok(seen)
}

/// The values that it holds, for who only needs them: that others can read it than those whom the manifest names is told, and does not stand in the way.
pub(super) async fn kept(context: &Context, loaded: &Loaded, progress: &Progress) -> Result<Values, OpError> {
    let environment = &loaded.project.environment.name;
    let seen = opened(context, environment).await?;
    if let Err(error) = VaultFile::of(&context.project, environment).judge_readers(&seen, &loaded.project.secrets.recipients) {
        drop(progress.send(Event::Notice { message: format!("{error} (help: {})", error.help()) }));
    }
    Ok(seen.document.values)
}

/// Writes `document` in the place of what was `seen`, readable by those whom the manifest names.
pub(crate) async fn revised(context: &Context, loaded: &Loaded, seen: Seen, document: Document) -> Result<(), OpError> {
    let file = VaultFile::of(&context.project, &loaded.project.environment.name);
    let recipients = loaded.project.secrets.recipients.clone();
    blocking(move || file.write(&seen, document, &recipients)).await
}

/// The key of the copy that begins with `header`, found with one of the caller's keys. `name` is what the copy is called.
pub(crate) async fn file_key(context: &Context, header: Vec<u8>, name: String) -> Result<Secret<String>, OpError> {
    let keys = context.keys.clone();
    blocking(move || large::file_key(&header, &keys, Path::new(&name))).await
}

/// What trouble with the file is to the caller.
fn unusable(error: &VaultError) -> OpError {
    let exit = match error {
        VaultError::NoRecipients { .. } | VaultError::Readers { .. } | VaultError::BadRecipient { .. } | VaultError::BadKey { .. } => Exit::Manifest,
        VaultError::Changed { .. } => Exit::Refused,
        _ => Exit::Failed,
    };
    OpError::new(exit, error.code(), error.to_string()).with_help(error.help())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, VaultError> + Send + 'static) -> Result<T, OpError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| OpError::new(Exit::Bug, "bug", format!("reading secrets ended early: {error}")))?.map_err(|error| unusable(&error))
}
