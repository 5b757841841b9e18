//! Copies of backups elsewhere: where they go, who can read them, how many stay.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Moment;
use crate::{BackupId, ComponentName, EnvironmentKey, Recipient};

/// What is wanted of copies of backups.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct CopySpec {
    /// Where they go.
    pub to: Destination,
    /// How to come in there.
    pub access: Access,
    /// Who can read them. Whoever has them can, where nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<Recipient>,
    /// How many of each database stay there.
    pub keep: u32,
}

/// Where copies go.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Destination {
    /// A bucket of a store that speaks the protocol of Amazon S3.
    S3 {
        /// The bucket.
        bucket: String,
        /// What the names of all objects begin with; has no slash at its ends, and may be empty.
        prefix: String,
    },
    /// A folder of another machine, by SFTP.
    Sftp {
        /// The login there.
        user: String,
        /// The machine.
        host: String,
        /// Its port.
        port: u16,
        /// The folder: absolute, without a slash at its end.
        folder: String,
    },
}

/// How to come in there. Secrets are named, not told.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Access {
    /// With the keys of an S3 store.
    S3 {
        /// The URL of the store; Amazon's own when absent.
        endpoint: Option<String>,
        /// Its region.
        region: String,
        /// The secret that holds the key's name.
        access_key: String,
        /// The secret that holds the key.
        secret_key: String,
    },
    /// With a private SSH key.
    Sftp {
        /// The secret that holds it.
        ssh_key: String,
        /// By which key the machine is known: its type and the key, as a line of `known_hosts` has them.
        host_key: String,
    },
}

impl Access {
    /// The secrets that it needs.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let (one, other) = match self {
            Self::S3 { access_key, secret_key, .. } => (access_key, Some(secret_key)),
            Self::Sftp { ssh_key, .. } => (ssh_key, None),
        };
        [Some(one), other].into_iter().flatten().map(String::as_str)
    }
}

/// Why a text is no [`Destination`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// It begins like nothing known.
    #[error("it is neither s3://BUCKET/PREFIX nor sftp://USER@HOST/FOLDER")]
    Scheme,
    /// A bucket cannot be called so.
    #[error("a bucket is called by 3 to 63 lowercase letters, digits, '-' and '.'")]
    Bucket,
    /// A part of it has characters that it cannot have.
    #[error("its folder or prefix has a part that is empty, `.` or `..`, or characters other than letters, digits and -_.")]
    Path,
    /// No login is named.
    #[error("it does not say as whom: sftp://USER@HOST/FOLDER")]
    User,
    /// The host is none.
    #[error("its host is not a name or an address, or its port is not a number")]
    Host,
}

impl Destination {
    /// Reads `s3://BUCKET/PREFIX` or `sftp://USER@HOST:PORT/FOLDER`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(text: &str) -> Result<Self, DestinationError> {
        match text.split_once("://") {
            Some(("s3", rest)) => s3(rest),
            Some(("sftp", rest)) => sftp(rest),
            _ => Err(DestinationError::Scheme),
        }
    }

    /// How the copies of one database are called there, up to the name of each: without a slash at its end.
    #[must_use]
    pub fn folder_of(&self, key: &EnvironmentKey, database: &ComponentName) -> String {
        let base = match self {
            Self::S3 { prefix, .. } => prefix,
            Self::Sftp { folder, .. } => folder,
        };
        let separator = if base.is_empty() { "" } else { "/" };
        format!("{base}{separator}{}/{}/{database}", key.project, key.environment)
    }
}

fn s3(rest: &str) -> Result<Destination, DestinationError> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(plain) {
        return Err(DestinationError::Bucket);
    }
    Ok(Destination::S3 { bucket: bucket.into(), prefix: path(prefix)? })
}

fn sftp(rest: &str) -> Result<Destination, DestinationError> {
    let (authority, folder) = rest.split_once('/').ok_or(DestinationError::Path)?;
    let (user, host) = authority.split_once('@').ok_or(DestinationError::User)?;
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| DestinationError::Host)?),
        None => (host, 22),
    };
    let word = |text: &str| !text.is_empty() && !text.starts_with('-') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !word(user) {
        return Err(DestinationError::User);
    }
    let folder = path(folder)?;
    if !word(host) || folder.is_empty() {
        return Err(if word(host) { DestinationError::Path } else { DestinationError::Host });
    }
    Ok(Destination::Sftp { user: user.into(), host: host.into(), port, folder: format!("/{folder}") })
}

/// A path whose parts are plain, so that it needs no quoting anywhere.
fn path(text: &str) -> Result<String, DestinationError> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let plain = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if text.is_empty() || text.split('/').all(plain) { Ok(text.into()) } else { Err(DestinationError::Path) }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Self::Sftp { user, host, port: 22, folder } => write!(f, "sftp://{user}@{host}{folder}"),
            Self::Sftp { user, host, port, folder } => write!(f, "sftp://{user}@{host}:{port}{folder}"),
        }
    }
}

impl TryFrom<String> for Destination {
    type Error = DestinationError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.to_string()
    }
}

/// A copy of a backup, as the place where it lies tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BackupCopy {
    /// The backup.
    pub id: BackupId,
    /// The database.
    pub database: ComponentName,
    /// Its size there, in bytes.
    pub bytes: u64,
    /// Whether only its recipients can read it.
    pub encrypted: bool,
}

/// That a backup was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Copied {
    /// When.
    pub at: Moment,
    /// Where to.
    pub to: Destination,
}

/// How it stands with the copies of the backups of a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Copies {
    /// Where they go.
    pub to: Destination,
    /// When the newest backup was taken that counts and was copied there.
    pub newest: Option<Moment>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_read_and_written() {
        for text in ["s3://shop-backups", "s3://shop.backups/a/b_c", "sftp://backup@nas.example/srv/backups", "sftp://u@10.0.0.1:2222/b"] {
            assert_eq!(Destination::new(text).map(String::from), Ok(text.into()));
        }
        assert_eq!(Destination::new("sftp://u@h:22/b/").map(String::from), Ok("sftp://u@h/b".into()));
        let wrong = [
            ("", DestinationError::Scheme),
            ("ftp://u@h/b", DestinationError::Scheme),
            ("s3://Shop", DestinationError::Bucket),
            ("s3://a", DestinationError::Bucket),
            ("s3://shop/a b", DestinationError::Path),
            ("s3://shop/../other", DestinationError::Path),
            ("s3://shop//a", DestinationError::Path),
            ("sftp://h/b", DestinationError::User),
            ("sftp://-o@h/b", DestinationError::User),
            ("sftp://u@-oProxyCommand=x/b", DestinationError::Host),
            ("sftp://u@h:x/b", DestinationError::Host),
            ("sftp://u@h/", DestinationError::Path),
            ("sftp://u@h", DestinationError::Path),
            ("sftp://u@h/a\"b", DestinationError::Path),
        ];
        for (text, expect) in wrong {
            assert_eq!(Destination::new(text), Err(expect), "{text}");
        }
    }
}
