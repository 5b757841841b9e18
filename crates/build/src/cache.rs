//! Where a project's kept source, built releases and logs lie on the operator's machine. All of it can be made again.

use std::path::{Path, PathBuf};

use plimsoll_model::{ComponentName, Digest, ProjectName};

use crate::Task;

/// The folder that is kept for one project, in one place on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The one in `folder` for `project` as it lies in `project_dir`: two checkouts of a project do not share one.
    #[must_use]
    pub fn of(folder: &Path, project: &ProjectName, project_dir: &Path) -> Self {
        let place = project_dir.canonicalize().unwrap_or_else(|_| project_dir.to_path_buf());
        let hash = Digest::of(place.as_os_str().as_encoded_bytes()).short();
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        Self { root: folder.join(format!("{project}-{hash}")) }
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the log of a task is.
    #[must_use]
    pub fn log(&self, task: &Task) -> PathBuf {
        let name = match task {
            Task::Build(component) => format!("{component}.build.log"),
            Task::Test(component) => format!("{component}.test.log"),
            Task::Hook(moment) => format!("hook.{moment}.log"),
        };
        self.root.join("logs").join(name)
    }

    /// Where commits are checked out.
    pub(crate) fn source(&self) -> PathBuf {
        self.root.join("source")
    }

    /// Git's folder for it: HEAD and index.
    pub(crate) fn git(&self) -> PathBuf {
        self.root.join("git")
    }

    /// Where the releases of a component are.
    pub(crate) fn built(&self, component: &ComponentName) -> PathBuf {
        self.root.join("built").join(component.as_str())
    }

    /// Held by who uses the kept source.
    pub(crate) fn source_lock(&self) -> PathBuf {
        self.root.join("source.lock")
    }

    /// Held by who builds.
    pub(crate) fn build_lock(&self) -> PathBuf {
        self.root.join("build.lock")
    }
}
