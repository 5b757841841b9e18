//! Paths that stay where they belong: relative, in one piece, without a way out.

use std::fmt;
use std::path::{Component, Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a text is not a path inside a folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It starts at the root of the file system.
    #[error("the path must be relative")]
    Absolute,
    /// It has a `..` that leads out.
    #[error("the path leaves its folder")]
    Leaves,
    /// It holds a control character, or is longer than 4096 bytes.
    #[error("the path has a control character or is too long")]
    Malformed,
}

/// A relative path, `/` between its parts, that cannot leave the folder it is joined to. `.` is that folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

impl RelPath {
    /// Checks and tidies `text`: `./a//b/` is `a/b`, and `a/../b` is `b`.
    ///
    /// # Errors
    /// Says why `text` cannot be joined to a folder safely.
    pub fn new(text: &str) -> Result<Self, PathError> {
        if text.len() > 4096 || text.chars().any(char::is_control) {
            return Err(PathError::Malformed);
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in Path::new(text).components() {
            match part {
                Component::Prefix(_) | Component::RootDir => return Err(PathError::Absolute),
                Component::CurDir => {}
                Component::ParentDir => {
                    parts.pop().ok_or(PathError::Leaves)?;
                }
                Component::Normal(name) => parts.push(name.to_str().ok_or(PathError::Malformed)?),
            }
        }
        Ok(Self(if parts.is_empty() { ".".into() } else { parts.join("/") }))
    }

    /// The folder itself: `.`.
    #[must_use]
    pub fn here() -> Self {
        Self(".".into())
    }

    /// The path as text, `.` for the folder itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part, or none for `.`.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        (self.0 != ".").then(|| self.0.rsplit('/').next().unwrap_or(&self.0))
    }

    /// The path below `folder`.
    #[must_use]
    pub fn under(&self, folder: &Path) -> std::path::PathBuf {
        if self.0 == "." { folder.to_path_buf() } else { folder.join(&self.0) }
    }
}

impl TryFrom<String> for RelPath {
    type Error = PathError;
    fn try_from(text: String) -> Result<Self, PathError> {
        Self::new(&text)
    }
}

impl From<RelPath> for String {
    fn from(path: RelPath) -> String {
        path.0
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        let check = |text: &str, expect: Result<&str, PathError>| {
            assert_eq!(RelPath::new(text).map(String::from), expect.map(String::from), "{text}");
        };
        check("a/b", Ok("a/b"));
        check("./a//b/", Ok("a/b"));
        check("a/../b", Ok("b"));
        check("", Ok("."));
        check("..", Err(PathError::Leaves));
        check("a/../../b", Err(PathError::Leaves));
        check("/etc", Err(PathError::Absolute));
        check("a\nb", Err(PathError::Malformed));
    }
}
