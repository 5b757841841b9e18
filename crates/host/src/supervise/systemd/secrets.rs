//! Secrets in a file that systemd reads as root and gives to the program alone (`EnvironmentFile=`): the properties of a unit, where
//! variables could stand as well, can be read by everybody. The same file says what is to be taken out of what the slot writes.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use plimsoll_model::Secret;

/// What keeps its meaning inside double quotes, and loses it behind a backslash.
const SPECIAL: [char; 4] = ['"', '\\', '`', '$'];

/// Writes the file, readable by its owner alone.
pub(super) fn keep(path: &Path, values: &BTreeMap<String, Secret<String>>) -> Result<(), plimsoll_keeper::KeeperError> {
    plimsoll_keeper::file::replace(path, write(values).as_bytes())
}

/// What is in the file; nothing when there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<Secret<String>>>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(parse(&text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(values: &BTreeMap<String, Secret<String>>) -> String {
    values.iter().map(|(name, value)| format!("{name}={}\n", quoted(value.expose()))).collect()
}

fn quoted(value: &str) -> String {
    let escaped = value.chars().flat_map(|each| SPECIAL.contains(&each).then_some('\\').into_iter().chain([each]));
    format!("\"{}\"", escaped.collect::<String>())
}

/// The values of a file of ours.
fn parse(text: &str) -> Vec<Secret<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((_, quoted)) = rest.split_once("=\"") {
        let (value, after) = unquoted(quoted);
        values.push(Secret::new(value));
        rest = after;
    }
    values
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

    use proptest::prelude::*;

    use super::*;

    fn of(values: &[&str]) -> BTreeMap<String, Secret<String>> {
        values.iter().enumerate().map(|(number, value)| (format!("KEY_{number}"), Secret::new((*value).to_owned()))).collect()
    }

    #[test]
    fn what_means_something_to_systemd_is_escaped() {
        assert_eq!(write(&of(&["plain", "two\nlines"])), "KEY_0=\"plain\"\nKEY_1=\"two\nlines\"\n");
        assert_eq!(write(&of(&[r#"a"b\c`d$e"#])), "KEY_0=\"a\\\"b\\\\c\\`d\\$e\"\n");
    }

    #[test]
    fn nobody_else_can_read_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web-1.secrets");
        assert!(read(&path).unwrap().is_none());
        keep(&path, &of(&["hunter22"])).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().unwrap()[0].expose(), "hunter22");
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(values in prop::collection::vec("[a-z\"\\\\`$=\n\r\t# \u{e9}\u{1b}]{0,12}", 0..4)) {
            let written = of(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let found: Vec<String> = parse(&write(&written)).iter().map(|value| value.expose().clone()).collect();
            prop_assert_eq!(found, values);
        }
    }
}
