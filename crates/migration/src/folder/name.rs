//! The name of a migration's file: `VERSION_NAME.up.sql` or `VERSION_NAME.down.sql`.

use plimsoll_model::database::Direction;

/// What a file's name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The number that it begins with, from 1.
    pub version: i64,
    /// What both files of a migration share.
    pub stem: String,
    /// Which of the two it is.
    pub direction: Direction,
}

/// Why a name is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub code: &'static str,
    pub message: String,
    pub help: String,
}

impl Name {
    /// What the name `file` says, without any folder.
    pub fn of(file: &str) -> Result<Self, Refused> {
        let (stem, direction) = halves(file)?;
        let parts = stem.split_once('_').filter(|(_, name)| !name.is_empty() && name.chars().all(is_plain));
        let digits = parts.map(|(digits, _)| digits).filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
        let digits = digits.ok_or_else(|| no_name(file, &format!("0001_what_it_does.{direction}.sql")))?;
        Ok(Self { version: version(file, digits)?, stem: stem.into(), direction })
    }
}

/// Whether a character may stand in the name of a migration.
pub(super) fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '-'
}

fn halves(file: &str) -> Result<(&str, Direction), Refused> {
    if let Some(stem) = file.strip_suffix(".up.sql") {
        Ok((stem, Direction::Up))
    } else if let Some(stem) = file.strip_suffix(".down.sql") {
        Ok((stem, Direction::Down))
    } else {
        let stem = file.strip_suffix(".sql").unwrap_or("0001_what_it_does");
        Err(no_name(file, &format!("{stem}.up.sql")))
    }
}

fn version(file: &str, digits: &str) -> Result<i64, Refused> {
    let refused = |message: String| Refused {
        code: "migration-version",
        message,
        help: "begin with a number from 1 on, such as the time as YYYYMMDDHHMMSS; migrations are applied in its order".into(),
    };
    match digits.parse() {
        Ok(0) => Err(refused(format!("`{file}` has version 0"))),
        Ok(version) => Ok(version),
        Err(_) => Err(refused(format!("the version of `{file}` is beyond {}", i64::MAX))),
    }
}

fn no_name(file: &str, better: &str) -> Refused {
    Refused {
        code: "migration-name",
        message: format!("`{file}` is no name of a migration: these are VERSION_NAME.up.sql and VERSION_NAME.down.sql"),
        help: format!("call it `{better}`; the version is a number, the name has letters, digits, `_` and `-`"),
    }
}
