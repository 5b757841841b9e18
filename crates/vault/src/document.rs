//! What the file holds once it is open: the values, and to whom it was encrypted, in one order whatever was done to it.

use std::fmt::Write;
use std::path::Path;

use plimsoll_model::recipient::Recipient;
use toml::de::DeValue;
use zeroize::Zeroizing;

use crate::VaultError;
use crate::lines::{Nonsense, Values, quoted, table, values, write_lines};

/// The version of what is written here. What an older plimsoll does not know has a higher one.
const VERSION: i64 = 1;

/// What a file of secrets holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    /// Who could read it when it was written: of some recipients the file itself does not tell.
    pub recipients: Vec<Recipient>,
    /// The values.
    pub values: Values,
}

/// Where those whom a manifest names differ from those who can read a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// They are named and cannot read it yet.
    pub waiting: Vec<Recipient>,
    /// They are not named any more and can read it still.
    pub lingering: Vec<Recipient>,
}

impl Difference {
    /// Whether just those can read it who are named.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.waiting.is_empty() && self.lingering.is_empty()
    }
}

impl Document {
    /// Compares who could read this when it was written with those who are `named`. Comments of keys do not count; where the file
    /// does not tell who can read it there is nothing to compare.
    #[must_use]
    pub fn compared_with(&self, named: &[Recipient]) -> Difference {
        if self.recipients.is_empty() {
            return Difference::default();
        }
        Difference { waiting: beyond(named, &self.recipients), lingering: beyond(&self.recipients, named) }
    }

    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        let mut head = format!("version = {VERSION}\nrecipients = [\n");
        for recipient in &self.recipients {
            writeln!(head, "    {},", quoted(&String::from(recipient.clone())).as_str()).expect("writing to a string cannot fail");
        }
        let values = write_lines(&self.values);
        let mut text = Zeroizing::new(String::with_capacity(head.len() + values.len() + 32));
        for part in [&head, "]\n\n[secrets]\n", &values] {
            text.push_str(part);
        }
        text
    }

    /// Reads what the file at `path` held. A file that someone made with `age` alone may have just the secrets.
    pub(crate) fn from_text(text: &str, path: &Path) -> Result<Self, VaultError> {
        let content = |why: Nonsense| VaultError::Content { path: path.to_path_buf(), why: why.to_string() };
        let table = table(text).map_err(content)?;
        let get = |key: &str| table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value.get_ref());
        match get("version") {
            None => return Ok(Self { recipients: Vec::new(), values: values(text, &table).map_err(content)? }),
            Some(DeValue::Integer(version)) if version.as_str() == VERSION.to_string() => {}
            Some(_) => return Err(VaultError::Newer { path: path.to_path_buf() }),
        }
        let secrets = match get("secrets") {
            Some(DeValue::Table(secrets)) => values(text, secrets).map_err(content)?,
            _ => Values::new(),
        };
        let recipients = match get("recipients") {
            Some(DeValue::Array(all)) => all.iter().filter_map(|one| Recipient::new(one.get_ref().as_str()?).ok()).collect(),
            _ => Vec::new(),
        };
        Ok(Self { recipients, values: secrets })
    }
}

fn beyond(all: &[Recipient], known: &[Recipient]) -> Vec<Recipient> {
    all.iter().filter(|one| known.iter().all(|other| other.key() != one.key())).cloned().collect()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Secret;

    use super::*;

    fn read(text: &str) -> Result<Document, VaultError> {
        Document::from_text(text, Path::new("x.age"))
    }

    #[test]
    fn what_is_written_is_read_and_ordered() {
        let recipient = Recipient::new("age1p9mv6fnehshhscumphd7jvaze4cr8emm66cpkvgw3ve7cc6lffxsmz5fra ada").unwrap();
        let values = [("B", "two\nlines"), ("A", "one")].map(|(name, value)| (name.to_owned(), Secret::new(value.to_owned())));
        let document = Document { recipients: vec![recipient], values: values.into() };
        let text = document.to_text();
        assert!(text.find("A = \"one\"") < text.find("B = "), "{}", text.as_str());
        assert_eq!(read(&text).unwrap(), document);
    }

    #[test]
    fn who_is_named_is_compared_with_who_can_read_it() {
        let [ada, lee] =
            ["age1p9mv6fnehshhscumphd7jvaze4cr8emm66cpkvgw3ve7cc6lffxsmz5fra", "age1prr3pgkmfraael6jrsk9gg9pem0wun2q2fnynu0c4d95glz5g36smtjsar"];
        let all = |texts: &[&str]| texts.iter().map(|text| Recipient::new(text).unwrap()).collect::<Vec<_>>();
        let check = |present: &[&str], named: &[&str], waiting: &[&str], lingering: &[&str]| {
            let document = Document { recipients: all(present), ..Document::default() };
            let expect = Difference { waiting: all(waiting), lingering: all(lingering) };
            assert_eq!(document.compared_with(&all(named)), expect, "{present:?} {named:?}");
        };
        check(&[ada, lee], &[lee, &format!("{ada} of another desk")], &[], &[]);
        check(&[ada], &[ada, lee], &[lee], &[]);
        check(&[ada, lee], &[lee], &[], &[ada]);
        check(&[ada], &[lee], &[lee], &[ada]);
        check(&[], &[lee], &[], &[]);
    }

    #[test]
    fn other_content_is_taken_or_refused() {
        assert_eq!(read("A = \"one\"\n").unwrap().values.len(), 1);
        assert_eq!(read("version = 2\n[secrets]\n").unwrap_err().code(), "secrets-newer");
        let error = read("version = 1\n[secrets]\nA = hunter22\n").unwrap_err();
        assert_eq!(error.code(), "secrets-damaged");
        assert!(error.to_string().contains("line 3") && !error.to_string().contains("hunter22"), "{error}");
    }
}
