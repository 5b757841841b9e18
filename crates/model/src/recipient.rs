//! Who may read an environment's secrets: public keys, as people write them down.
//!
//! Judged here is how a key is written, so that the manifest can point at a mistake. Encrypting to it is left to the vault.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A public key that secrets are encrypted to: an age recipient, or an SSH key of type ed25519 or RSA with its comment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Recipient {
    key: String,
    label: String,
}

/// Why a text is no [`Recipient`]. Does not repeat the text: it may be what nobody should see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecipientError {
    /// It is the other half of the key.
    #[error("this is a private key, and must not stand in a file that others read")]
    Private,
    /// It is a key that nothing can be encrypted to.
    #[error("nothing can be encrypted to an SSH key of this type")]
    Type,
    /// A character is wrong, missing or too many.
    #[error("the key is not whole")]
    Broken,
    /// It looks like nothing known.
    #[error("this is neither an age recipient nor an SSH public key")]
    Unknown,
}

/// How the key of each type of SSH key begins, and how long it is at least and at most, in characters: RSA has 2048 to 4096 bits.
const SSH: [(&str, &str, usize, usize); 2] = [("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAI", 68, 68), ("ssh-rsa", "AAAAB3NzaC1yc2EA", 368, 720)];

impl Recipient {
    /// Takes a line such as `~/.ssh/id_ed25519.pub` holds, or an `age1…`.
    ///
    /// # Errors
    /// Nothing can be encrypted to it.
    pub fn new(text: &str) -> Result<Self, RecipientError> {
        let mut words = text.split_whitespace();
        let first = words.next().unwrap_or_default();
        let key = match SSH.iter().find(|(name, ..)| *name == first) {
            Some(form) => format!("{first} {}", ssh(form, words.next().unwrap_or_default())?),
            None => age(first)?.to_owned(),
        };
        Ok(Self { key, label: words.collect::<Vec<_>>().join(" ") })
    }

    /// The key, without its comment: two recipients with one key are the same reader.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The comment and the end of the key, by which people know it.
impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.key.split_once(' ').map_or("age", |(kind, _)| kind);
        let end = &self.key[self.key.len().saturating_sub(8)..];
        if self.label.is_empty() { write!(f, "{kind} …{end}") } else { write!(f, "{} ({kind} …{end})", self.label) }
    }
}

impl TryFrom<String> for Recipient {
    type Error = RecipientError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        format!("{} {}", recipient.key, recipient.label).trim_end().to_owned()
    }
}

fn ssh<'t>((_, start, min, max): &(&str, &str, usize, usize), key: &'t str) -> Result<&'t str, RecipientError> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
    let whole = key.starts_with(start) && (*min..=*max).contains(&key.len()) && key.len().is_multiple_of(4) && key.bytes().all(plain);
    if whole { Ok(key) } else { Err(RecipientError::Broken) }
}

fn age(word: &str) -> Result<&str, RecipientError> {
    match word {
        word if word.starts_with("AGE-SECRET-KEY-") || word.starts_with("-----BEGIN") => Err(RecipientError::Private),
        word if ["ssh-", "ecdsa-", "sk-"].iter().any(|start| word.starts_with(start)) => Err(RecipientError::Type),
        word if !word.starts_with("age1") => Err(RecipientError::Unknown),
        word if word.len() == 62 && checksum(word) => Ok(word),
        _ => Err(RecipientError::Broken),
    }
}

/// Whether the checksum of Bech32 holds, which finds every mistyped character.
fn checksum(word: &str) -> bool {
    const LETTERS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let Some((prefix, data)) = word.split_once('1') else { return false };
    let (high, low) = (prefix.bytes().map(|b| u32::from(b >> 5)), prefix.bytes().map(|b| u32::from(b & 31)));
    let letters: Option<Vec<u32>> = data.chars().map(|c| LETTERS.find(c).and_then(|at| u32::try_from(at).ok())).collect();
    letters.is_some_and(|data| high.chain([0]).chain(low).chain(data).fold(1, polymod) == 1)
}

fn polymod(sum: u32, value: u32) -> u32 {
    const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let next = (sum & 0x01ff_ffff) << 5 ^ value;
    GENERATORS.iter().enumerate().fold(next, |next, (bit, generator)| if (sum >> 25) >> bit & 1 == 1 { next ^ generator } else { next })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGE: &str = "age1p9mv6fnehshhscumphd7jvaze4cr8emm66cpkvgw3ve7cc6lffxsmz5fra";
    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILsBsh9SaLXNCDRLV02j/hm1VSg19LVKkl7xL1qMZ/dF";

    #[test]
    fn keys_are_known_by_how_they_are_written() {
        let rsa = format!("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{} kim", "x".repeat(338));
        let mistyped = AGE.replace(&AGE[20..22], "hp");
        let table: [(&str, Result<&str, RecipientError>); 10] = [
            (AGE, Ok("age …xsmz5fra")),
            (&format!("{ED25519}  ada@desk\n"), Ok("ada@desk (ssh-ed25519 …L1qMZ/dF)")),
            (&rsa, Ok("kim (ssh-rsa …xxxxxxxx)")),
            (&mistyped, Err(RecipientError::Broken)),
            (&AGE[..50], Err(RecipientError::Broken)),
            (&ED25519[..70], Err(RecipientError::Broken)),
            ("AGE-SECRET-KEY-1XYZ", Err(RecipientError::Private)),
            ("ecdsa-sha2-nistp256 AAAA ada", Err(RecipientError::Type)),
            ("sk-ssh-ed25519@openssh.com AAAA", Err(RecipientError::Type)),
            ("ada", Err(RecipientError::Unknown)),
        ];
        for (text, expect) in table {
            let found = Recipient::new(text).map(|recipient| recipient.to_string());
            assert_eq!(found.as_deref().map_err(|error| *error), expect, "{text}");
        }
    }

    #[test]
    fn the_comment_is_kept_and_is_no_part_of_the_key() {
        let (one, other) = (Recipient::new(ED25519).unwrap(), Recipient::new(&format!("{ED25519} ada @ desk")).unwrap());
        assert_eq!((one.key(), String::from(other.clone())), (other.key(), format!("{ED25519} ada @ desk")));
        assert_eq!(serde_json::from_str::<Recipient>(&serde_json::to_string(&other).unwrap()).unwrap(), other);
    }
}
