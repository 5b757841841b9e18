//! The programs of `PostgreSQL` as their own handbook says to use them.

use std::fs;
use std::path::Path;

use super::super::bed::timed;
use super::server::{Server, newest};
use crate::command::{command, need, output};

/// The best compression that `pg_dump` has: from version 16 on it knows zstd.
pub fn compression() -> Result<String, String> {
    let help = output(command(&newest()?.join("bin/pg_dump").to_string_lossy(), "--help"))?;
    Ok(if help.contains("--compress=METHOD") { "zstd" } else { "gzip, its default" }.to_owned())
}

/// Writes a dump with the program's own best compression; seconds.
pub fn dump(server: &Server, file: &Path) -> Result<f64, String> {
    let compress: &[&str] = if compression()? == "zstd" { &["--compress=zstd"] } else { &[] };
    let file = file.to_string_lossy();
    timed(|| server.run("pg_dump", &[&["-Fc", "-f", &file, "shop"], compress].concat()))
}

/// The same without compression, through the program `zstd`, into a file that is deleted again; seconds.
pub fn dump_piped(server: &Server, file: &Path) -> Result<f64, String> {
    need(&["zstd"], "zstd")?;
    let piped = file.with_extension("zst");
    let line = format!("set -o pipefail; {}/bin/pg_dump -Fc -Z0 shop | zstd -q -3 -o {}", newest()?.display(), piped.display());
    let took = timed(|| server.shell(&line))?;
    fs::remove_file(&piped).map_err(|error| format!("{}: {error}", piped.display()))?;
    Ok(took)
}

/// Restores a dump into a scratch database, with so many jobs; seconds.
pub fn restore(server: &Server, file: &Path, jobs: usize) -> Result<f64, String> {
    server.run("createdb", &["scratch"])?;
    let took = timed(|| server.run("pg_restore", &["-j", &jobs.to_string(), "-d", "scratch", &file.to_string_lossy()]));
    server.run("dropdb", &["scratch"])?;
    took
}
