//! Begins a migration: writes its two files, with the next number.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use plimsoll_model::{ComponentName, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::migrating::numbered;
use crate::migrations::pairs;
use crate::{Context, Exit, OpError, Progress, hosts, project};

/// How many digits a number has at least.
const DIGITS: usize = 4;
/// From here on, numbers are times: `20260117143000`.
const FIRST_TIME: i64 = 10_000_000_000_000;

/// What is begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
    /// What it does, in a few words.
    pub name: String,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The database.
    pub database: ComponentName,
    /// What applies it, from the project's folder.
    pub up: String,
    /// What undoes it.
    pub down: String,
}

/// Writes them. No host is asked.
///
/// # Errors
/// There are several databases and none was named, the name is none, or the files cannot be written.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = numbered(project::load(context, &input.environment)?, input.database.as_ref())?;
    let mut all = loaded.project.components.iter();
    let (Some((database, component)), None) = (all.next(), all.next()) else {
        let error = OpError::new(Exit::Usage, "several-databases", "there are several databases");
        return Err(error.with_help("say which one with --database NAME"));
    };
    let folder = component.path.under(&context.project);
    fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error))?;
    let known = pairs(&component.path, &context.project).map_err(project::invalid)?;
    let last = known.iter().map(|pair| (pair.migration.version, pair.migration.name.as_str())).max();
    let name = format!("{}_{}", number(last, &hosts::now().to_string()), word(&input.name)?);
    let write = |end: &str, text: &str| {
        let path = folder.join(format!("{name}.{end}.sql"));
        let written = File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map(|()| format!("{}/{name}.{end}.sql", component.path)).map_err(|error| unwritten(&path, &error))
    };
    let up = write("up", &format!("-- {}\n", input.name))?;
    let down = write("down", &format!("-- Undoes: {}\n", input.name))?;
    Ok(Output { database: database.clone(), up, down })
}

/// The number after the last one, as wide as that; the time where the last one is a time.
fn number(last: Option<(i64, &str)>, now: &str) -> String {
    let (version, width) = last.map_or((0, DIGITS), |(version, name)| (version, name.split('_').next().map_or(DIGITS, str::len)));
    if version < FIRST_TIME {
        return format!("{:0width$}", version + 1);
    }
    let digits: String = now.chars().filter(char::is_ascii_digit).take(14).collect();
    digits.parse::<i64>().unwrap_or_default().max(version + 1).to_string()
}

/// What it does, as a part of a file's name.
fn word(name: &str) -> Result<String, OpError> {
    let plain: String = name.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let word = plain.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_");
    let none =
        || OpError::new(Exit::Usage, "bad-name", format!("{name:?} names no migration")).with_help("say in a few words what it does: add_author");
    if word.is_empty() || word.len() > 80 { Err(none()) } else { Ok(word) }
}

fn unwritten(path: &Path, error: &std::io::Error) -> OpError {
    OpError::new(Exit::Failed, "file-unwritable", format!("{} cannot be written: {error}", path.display()))
        .with_help("look at its permissions, and at the disk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_as_they_are() {
        let check = |last: Option<(i64, &str)>, expect: &str| assert_eq!(number(last, "2026-01-17T14:30:00.007Z"), expect);
        check(None, "0001");
        check(Some((7, "0007_x")), "0008");
        check(Some((99, "99_x")), "100");
        check(Some((20_251_231_235_959, "20251231235959_x")), "20260117143000");
        check(Some((20_270_101_000_000, "20270101000000_x")), "20270101000001");
    }

    #[test]
    fn a_name_becomes_part_of_a_files_name() {
        assert_eq!(word("Add the author's name!").unwrap(), "add_the_author_s_name");
        assert_eq!(word("../x").unwrap(), "x");
        assert_eq!(word(" / ").unwrap_err().code, "bad-name");
    }
}
