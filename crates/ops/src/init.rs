//! Writes a manifest for a project that has none, and tells agents of it when that is wanted.

mod agents_md;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use plimsoll_model::manifest;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::project::{self, Disk};
use crate::{Context, Exit, OpError, Progress};

/// What is wanted beside the manifest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Whether AGENTS.md is to say how agents work with the project.
    #[serde(default)]
    pub agents_md: bool,
}

/// The manifest that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// Where it lies.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
    /// Whether it was written now; where there was one, only agents are told of it.
    pub is_new: bool,
    /// What a person should look at or fill in.
    pub notes: Vec<String>,
    /// The AGENTS.md that says how agents work with the project, when that was wanted.
    pub agents_md: Option<PathBuf>,
}

/// Whether the project's AGENTS.md lacks the section of how agents work with it.
#[must_use]
pub fn lacks_agents_md(context: &Context) -> bool {
    agents_md::is_missing(&context.project)
}

/// Guesses a manifest from what is in the project's folder, and writes it where none is; adds a section to AGENTS.md when that is wanted and it has
/// none, whether there was a manifest or not.
///
/// # Errors
/// There is a manifest already and nothing else was wanted, nothing was recognized, or a file cannot be written.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let (path, folder) = (project::path(context), context.project.canonicalize().unwrap_or_else(|_| context.project.clone()));
    if path.symlink_metadata().is_ok() {
        let wanted = input.agents_md && lacks_agents_md(context);
        return if wanted { beside(context, path) } else { Err(exists(&path)) };
    }
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let guess = manifest::guess(&Disk::new(&folder), &name);
    let Some(text) = guess.text else { return Err(nothing(&folder, &guess.notes)) };
    write_new(&path, &text).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(&path),
        _ => unwritten(&path, &error),
    })?;
    let agents_md = if input.agents_md { Some(agents_md::add(&context.project)?) } else { None };
    Ok(Output { path, text, is_new: true, notes: guess.notes, agents_md })
}

/// Tells agents of the manifest that is there.
fn beside(context: &Context, path: PathBuf) -> Result<Output, OpError> {
    let text = project::read(context)?;
    Ok(Output { path, text, is_new: false, notes: Vec::new(), agents_md: Some(agents_md::add(&context.project)?) })
}

/// Puts a whole file at `path`, or none, and never in the place of another.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension(format!("toml.{}.new", std::process::id()));
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        renameat_with(CWD, &temporary, CWD, path, RenameFlags::NOREPLACE)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    })();
    if written.is_err() {
        // It may not even be there, and is in nobody's way.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn exists(path: &Path) -> OpError {
    let message = format!("there is a manifest already: {}", path.display());
    OpError::new(Exit::Usage, "manifest-exists", message).with_help("`plimsoll check` judges it; to start anew, move it away first")
}

fn nothing(folder: &Path, notes: &[String]) -> OpError {
    OpError::new(Exit::Failed, "nothing-recognized", format!("no component was recognized in {}", folder.display())).with_help(notes.join("\n"))
}

fn unwritten(path: &Path, error: &io::Error) -> OpError {
    let message = format!("{} cannot be written: {error}", path.display());
    OpError::new(Exit::Failed, "manifest-unwritable", message).with_help("see that you may write to the project's folder and that the disk has space")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;
    use crate::tests::Scene;

    #[tokio::test]
    async fn what_is_written_is_a_manifest_that_stands() {
        let scene = Scene::new(&[("web/index.html", "<h1>x</h1>")]);
        let output = run(&scene.context, Input::default(), &scene.progress).await.unwrap();
        assert_eq!(std::fs::read_to_string(&output.path).unwrap(), output.text);
        check::run(&scene.context, check::Input {}, &scene.progress).await.unwrap();
        let again = run(&scene.context, Input::default(), &scene.progress).await.unwrap_err();
        assert_eq!((again.code.as_str(), again.exit), ("manifest-exists", Exit::Usage));
        assert_eq!(std::fs::read_dir(&scene.context.project).unwrap().count(), 2, "nothing else is left there");
    }

    #[tokio::test]
    async fn agents_are_told_when_that_is_wanted() {
        let scene = Scene::new(&[("web/index.html", "<h1>x</h1>")]);
        let wanted = Input { agents_md: true };
        let output = run(&scene.context, wanted, &scene.progress).await.unwrap();
        assert!(output.agents_md.unwrap().exists() && !lacks_agents_md(&scene.context));
        assert_eq!(run(&scene.context, wanted, &scene.progress).await.unwrap_err().code, "manifest-exists", "there is nothing to do");
        std::fs::remove_file(scene.context.project.join("AGENTS.md")).unwrap();
        let output = run(&scene.context, wanted, &scene.progress).await.unwrap();
        assert!(output.agents_md.unwrap().exists() && output.text == std::fs::read_to_string(&output.path).unwrap());
    }

    #[tokio::test]
    async fn an_empty_folder_is_told_how_to_begin() {
        let scene = Scene::new(&[]);
        let error = run(&scene.context, Input::default(), &scene.progress).await.unwrap_err();
        assert_eq!(error.code, "nothing-recognized");
        assert!(error.help.unwrap().contains("[components.web]"));
        assert_eq!(std::fs::read_dir(&scene.context.project).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_folder_that_takes_no_file_is_told() {
        let scene = Scene::new(&[("web/index.html", "<h1>x</h1>")]);
        std::fs::create_dir(scene.context.project.join(format!("plimsoll.toml.{}.new", std::process::id()))).unwrap();
        let error = run(&scene.context, Input::default(), &scene.progress).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("manifest-unwritable", Exit::Failed));
        assert!(error.message.contains("plimsoll.toml cannot be written") && error.help.is_some(), "{}", error.message);
        assert!(!project::path(&scene.context).exists());
    }

    #[test]
    fn a_file_that_came_in_between_is_not_overwritten() {
        let scene = Scene::new(&[("plimsoll.toml", "mine")]);
        let path = project::path(&scene.context);
        assert_eq!(write_new(&path, "other").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(std::fs::read_dir(&scene.context.project).unwrap().count(), 1);
    }
}
