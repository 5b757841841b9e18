//! The programs of LLVM that read counters.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{command, exists, need, output, run, target};

/// Debian's newest LLVM that reads what the compiler writes: these formats change more slowly than LLVM does.
const DEBIAN: &str = "19";

/// `llvm-profdata` and `llvm-cov`.
pub struct Tools {
    profdata: PathBuf,
    cov: PathBuf,
}

impl Tools {
    /// The ones that belong to the compiler (`rustup component add llvm-tools`), or else Debian's.
    ///
    /// # Errors
    /// When there are neither, and they cannot be installed.
    pub fn find() -> Result<Self, String> {
        let sysroot = output(command("rustc", "--print sysroot"))?;
        let beside = tool_folder(Path::new(sysroot.trim()));
        if let Some(folder) = beside {
            return Ok(Self { profdata: folder.join("llvm-profdata"), cov: folder.join("llvm-cov") });
        }
        let [profdata, cov] = ["llvm-profdata", "llvm-cov"].map(|name| format!("{name}-{DEBIAN}"));
        need(&[&profdata, &cov], &format!("llvm-{DEBIAN}"))?;
        Ok(Self { profdata: profdata.into(), cov: cov.into() })
    }

    /// What the counters in `profiles` say of the lines that `programs` were made from, in lcov's form.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn export(&self, profiles: &[PathBuf], programs: &BTreeSet<PathBuf>) -> Result<String, String> {
        let merged = target().join("coverage/merged.profdata");
        let mut merge = Command::new(&self.profdata);
        // A process that was killed while it wrote leaves a file that cannot be read: one is none too many.
        merge.args(["merge", "--sparse", "--failure-mode", "all", "--output"]).arg(&merged).args(profiles);
        run(merge)?;
        let mut export = Command::new(&self.cov);
        export.args(["export", "--format", "lcov", "--skip-functions", "--instr-profile"]).arg(&merged);
        export.args(["--ignore-filename-regex", "/(registry|rustc|toolchains)/"]);
        for program in programs {
            export.arg("--object").arg(program);
        }
        output(export)
    }
}

fn tool_folder(sysroot: &Path) -> Option<PathBuf> {
    let hosts = sysroot.join("lib/rustlib").read_dir().ok()?.flatten();
    let mut folders = hosts.map(|host| host.path().join("bin"));
    folders.find(|folder| exists(&folder.join("llvm-cov").to_string_lossy()))
}
