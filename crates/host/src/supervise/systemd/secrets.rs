//! Secrets in a file that systemd reads as root and gives to the program alone (`EnvironmentFile=`): the properties of a unit, where
//! variables could stand as well, can be read by everybody. The same file says what is to be taken out of what the slot writes.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use plimsoll_keeper::KeeperError;
use plimsoll_model::{ConfigHash, Secret};

/// What keeps its meaning inside double quotes, and loses it behind a backslash.
const SPECIAL: [char; 4] = ['"', '\\', '`', '$'];

/// What is in the file of a slot.
pub(super) struct Kept {
    /// The configuration that the values belong to: one that has others is another.
    pub(super) config: String,
    /// The values.
    pub(super) values: Vec<Secret<String>>,
}

/// What stands before the configuration: for systemd that line is a comment.
const CONFIG: &str = "# ";

/// Writes the file, readable by its owner alone.
pub(super) fn keep(path: &Path, config: &ConfigHash, values: &BTreeMap<String, Secret<String>>) -> Result<(), KeeperError> {
    plimsoll_keeper::file::replace(path, write(config, values).as_bytes())
}

/// What is in the file; nothing when there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Kept>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(parse(&text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(config: &ConfigHash, values: &BTreeMap<String, Secret<String>>) -> String {
    let values = values.iter().map(|(name, value)| format!("{name}={}\n", quoted(value.expose())));
    std::iter::once(format!("{CONFIG}{config}\n")).chain(values).collect()
}

fn quoted(value: &str) -> String {
    let escaped = value.chars().flat_map(|each| SPECIAL.contains(&each).then_some('\\').into_iter().chain([each]));
    format!("\"{}\"", escaped.collect::<String>())
}

/// What is in a file of ours.
fn parse(text: &str) -> Kept {
    let (config, mut rest) = text.strip_prefix(CONFIG).and_then(|text| text.split_once('\n')).unwrap_or(("", text));
    let mut values = Vec::new();
    while let Some((_, quoted)) = rest.split_once("=\"") {
        let (value, after) = unquoted(quoted);
        values.push(Secret::new(value));
        rest = after;
    }
    Kept { config: config.to_owned(), values }
}

/// What stands before the closing quote, and what comes after that.
fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut read = text.chars();
    while let Some(each) = read.next() {
        match each {
            '"' => break,
            '\\' => value.extend(read.next()),
            plain => value.push(plain),
        }
    }
    (value, read.as_str())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use plimsoll_model::Digest;
    use proptest::prelude::*;

    use super::*;

    fn config() -> ConfigHash {
        ConfigHash(Digest::of(b"config"))
    }

    fn of(values: &[&str]) -> BTreeMap<String, Secret<String>> {
        values.iter().enumerate().map(|(number, value)| (format!("KEY_{number}"), Secret::new((*value).to_owned()))).collect()
    }

    #[test]
    fn what_means_something_to_systemd_is_escaped() {
        let lines = |values: &[&str]| write(&config(), &of(values)).split_once('\n').unwrap().1.to_owned();
        assert_eq!(lines(&["plain", "two\nlines"]), "KEY_0=\"plain\"\nKEY_1=\"two\nlines\"\n");
        assert_eq!(lines(&[r#"a"b\c`d$e"#]), "KEY_0=\"a\\\"b\\\\c\\`d\\$e\"\n");
    }

    #[test]
    fn nobody_else_can_read_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web-1.secrets");
        assert!(read(&path).unwrap().is_none());
        keep(&path, &config(), &of(&["hunter22"])).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap().values[0].expose(), "hunter22");
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(values in prop::collection::vec("[a-z\"\\\\`$=\n\r\t# \u{e9}\u{1b}]{0,12}", 0..4)) {
            let written = of(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let kept = parse(&write(&config(), &written));
            prop_assert_eq!(kept.config, config().to_string());
            let found: Vec<String> = kept.values.iter().map(|value| value.expose().clone()).collect();
            prop_assert_eq!(found, values);
        }
    }
}
