//! What is deployed: a program, and data that does not compress; 20 MB in all.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::bed::{folder, write_data};
use crate::Outcome;

/// Files of 100 kB in it.
const FILES: usize = 200;
/// Those of them that a change rewrites.
const CHANGED: usize = FILES / 100;

/// A project's folder with the release in a folder of its own.
pub struct Release(TempDir);

impl Release {
    /// With this program, and no data yet.
    ///
    /// # Errors
    /// When the temporary folder cannot be written.
    pub fn new(program: &Path) -> Result<Self, String> {
        let release = Self(folder()?);
        let write = || {
            fs::create_dir(release.tree())?;
            fs::copy(program, release.tree().join("service"))?;
            fs::write(release.tree().join("service.txt"), "1")
        };
        write().map_err(unwritten)?;
        Ok(release)
    }

    /// The folder of the project.
    pub fn project(&self) -> &Path {
        self.0.path()
    }

    /// The folder that is deployed.
    pub fn tree(&self) -> PathBuf {
        self.0.path().join("web")
    }

    /// Writes all data anew; another number gives other contents.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn renew(&self, number: u64) -> Outcome {
        write_data(&self.tree().join("data"), FILES, number << 32).map_err(unwritten)
    }

    /// Writes 1 % of the data anew; another number gives other contents.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn change(&self, number: u64) -> Outcome {
        write_data(&self.tree().join("data"), CHANGED, number.wrapping_shl(32) + 1).map_err(unwritten)
    }
}

fn unwritten(error: std::io::Error) -> String {
    format!("cannot write the release: {error}")
}
