//! What an operation knows of where it was called: everything that the surface read for it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_model::Secret;
use plimsoll_model::deployment::Holder;
use tokio_util::sync::CancellationToken;

/// Where and by whom an operation was called.
#[derive(Debug, Clone)]
pub struct Context {
    /// The folder of the project: where its `plimsoll.toml` lies.
    pub project: PathBuf,
    /// The folder of this machine's own host, in user mode.
    pub home: PathBuf,
    /// The folder for what can be made again: checked-out sources, built releases.
    pub cache: PathBuf,
    /// The running binary, from which the daemon is started.
    pub exe: PathBuf,
    /// Who calls.
    pub holder: Holder,
    /// The caller's environment variables: where secrets come from.
    pub variables: BTreeMap<String, Secret<String>>,
    /// Set when the caller wants it to end: a deployment rolls back.
    pub cancel: CancellationToken,
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use tempfile::TempDir;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;
    use crate::{Event, Progress};

    /// A project in a folder of its own, and a call about it.
    pub(crate) struct Scene {
        pub(crate) context: Context,
        pub(crate) progress: Progress,
        pub(crate) told: UnboundedReceiver<Event>,
        _folder: TempDir,
    }

    impl Scene {
        /// With these files in the project's folder.
        #[expect(clippy::disallowed_methods, reason = "files for a test need not survive a crash")]
        pub(crate) fn new(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let context = context(folder.path());
            std::fs::create_dir(&context.project).unwrap();
            for (name, text) in files {
                let path = context.project.join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            let (progress, told) = unbounded_channel();
            Self { context, progress, told, _folder: folder }
        }
    }

    /// A call from the machine `here`, with everything below `folder`.
    pub(crate) fn context(folder: &Path) -> Context {
        Context {
            project: folder.join("project"),
            home: folder.join("home"),
            cache: folder.join("cache"),
            exe: folder.join("plimsoll"),
            holder: Holder { user: "me".into(), machine: "here".into(), pid: std::process::id(), surface: "cli".into() },
            variables: BTreeMap::new(),
            cancel: CancellationToken::new(),
        }
    }
}
