//! A folder of migrations: which files belong together, and what is wrong with them.

mod fresh;
mod name;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use plimsoll_model::database::Direction;
use plimsoll_model::finding::{Finding, Place, Severity};

pub use fresh::{Fresh, FreshError, fresh};
use name::Name;

use crate::{Pair, Script};

/// The files of the folder at `path` with what is in them. Folders in it are left out.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn load(path: &Path) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.path().is_file() {
            files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
        }
    }
    Ok(files)
}

/// The migrations that `files` are, by version. `folder` is how findings and scripts name the folder; hidden files and a README are left alone.
///
/// # Errors
/// All that keeps the files from being migrations, one finding each.
pub fn read(folder: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Pair>, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut migrations: BTreeMap<(i64, String), Sides> = BTreeMap::new();
    for (file, bytes) in files.iter().filter(|(file, _)| !is_left_alone(file)) {
        match script(folder, file, bytes) {
            Ok((name, script)) => migrations.entry((name.version, name.stem)).or_default().put(script),
            Err(finding) => findings.push(finding),
        }
    }
    findings.extend(versions_twice(&migrations));
    let mut pairs = Vec::new();
    for ((version, stem), sides) in migrations {
        match sides {
            Sides { up: Some(up), down } => pairs.push(Pair::new(version, stem, up, down)),
            Sides { down: Some(down), .. } => findings.push(without_up(&stem, &down.file)),
            Sides { up: None, down: None } => {}
        }
    }
    if findings.is_empty() { Ok(pairs) } else { Err(findings) }
}

/// The scripts of one name.
#[derive(Debug, Default)]
struct Sides {
    up: Option<Script>,
    down: Option<Script>,
}

impl Sides {
    fn put(&mut self, script: Script) {
        match script.direction {
            Direction::Up => self.up = Some(script),
            Direction::Down => self.down = Some(script),
        }
    }

    fn file(&self) -> &str {
        self.up.as_ref().or(self.down.as_ref()).map_or("", |script| &script.file)
    }
}

fn is_left_alone(file: &str) -> bool {
    file.starts_with('.') || file.starts_with("README")
}

fn script(folder: &str, file: &str, bytes: &[u8]) -> Result<(Name, Script), Finding> {
    let shown = if folder.is_empty() { file.to_owned() } else { format!("{}/{file}", folder.trim_end_matches('/')) };
    let name = Name::of(file).map_err(|refused| finding(&shown, refused.code, &refused.message, &refused.help))?;
    let Ok(sql) = std::str::from_utf8(bytes) else {
        return Err(finding(&shown, "migration-not-utf8", "the file is not UTF-8 text", "save it as UTF-8"));
    };
    if is_empty(sql) {
        let help = "write what it does; one that has nothing to do says `SELECT 1;`";
        return Err(finding(&shown, "migration-empty", "there is no statement in the file", help));
    }
    let script = Script::new(shown, name.direction, sql);
    Ok((name, script))
}

fn is_empty(sql: &str) -> bool {
    sql.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("--"))
}

fn versions_twice(migrations: &BTreeMap<(i64, String), Sides>) -> Vec<Finding> {
    let next = migrations.iter().zip(migrations.iter().skip(1));
    let twice = next.filter(|(((one, _), _), ((other, _), _))| one == other);
    twice
        .map(|(((version, first), _), (_, second))| {
            let message = format!("version {version} is taken by `{first}` already");
            finding(second.file(), "migration-version-twice", &message, "give the later one a version of its own, beyond all others")
        })
        .collect()
}

fn without_up(stem: &str, file: &str) -> Finding {
    let help = format!("write `{stem}.up.sql` beside it, or take it away");
    finding(file, "migration-without-up", "there is nothing that this file could undo", &help)
}

fn finding(file: &str, code: &str, message: &str, help: &str) -> Finding {
    let place = Place { file: file.into(), line: 1, column: 1, offset: 0, length: 0 };
    Finding { severity: Severity::Error, code: code.into(), place: Some(place), message: message.into(), help: Some(help.into()) }
}
