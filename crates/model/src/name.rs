//! Names: what may be called what, checked once, where the name enters.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::time::Moment;

/// Longest project, environment or component name, in bytes: what still fits a DNS label with a suffix.
pub const MAX_NAME: usize = 40;

/// Why a text is not a name. The message says what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was written.
    #[error("a name cannot be empty")]
    Empty,
    /// More than [`MAX_NAME`] bytes.
    #[error("a name has at most {MAX_NAME} characters, this one has {0}")]
    TooLong(usize),
    /// A character outside `a-z`, `0-9` and `-`, or one at a place where it may not stand.
    #[error("a name is made of a-z, 0-9 and '-', and starts and ends with a letter or digit")]
    Character,
}

/// Judges a name by the rule that all names but those of hosts follow.
///
/// # Errors
/// Says which part of the rule `text` breaks.
pub fn judge(text: &str) -> Result<(), NameError> {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    match text.as_bytes() {
        [] => Err(NameError::Empty),
        bytes if bytes.len() > MAX_NAME => Err(NameError::TooLong(text.chars().count())),
        bytes if bytes.iter().all(|b| inner(*b) || *b == b'-') && inner(bytes[0]) && inner(bytes[bytes.len() - 1]) => Ok(()),
        _ => Err(NameError::Character),
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident => $judge:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and makes it a name.
            ///
            /// # Errors
            /// Says which rule `text` breaks.
            pub fn new(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                $judge(&text)?;
                Ok(Self(text))
            }

            /// The name as it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string" })
            }
        }
    )*};
}

names! {
    /// The name of a project.
    ProjectName => judge;
    /// The name of an environment, such as `local`, `dev` or `production`.
    EnvironmentName => judge;
    /// The name of a component.
    ComponentName => judge;
    /// How a host is reached: `local`, or what one would write after `ssh`.
    HostName => judge_host;
    /// Names one deployment. Sorts by time of creation.
    DeploymentId => judge;
    /// Names one backup. Sorts by time; one that a deployment took is called as the deployment.
    BackupId => judge;
    /// Names one slot of a component: `COMPONENT-NUMBER`.
    SlotId => judge_slot;
}

impl DeploymentId {
    /// The name of a deployment that begins now, whatever `salt` tells it from others.
    #[must_use]
    pub fn stamped(now: Moment, salt: &Digest) -> Self {
        Self(stamp(now, salt))
    }
}

impl BackupId {
    /// The name of a backup that is taken now, whatever `salt` tells it from others.
    #[must_use]
    pub fn stamped(now: Moment, salt: &Digest) -> Self {
        Self(stamp(now, salt))
    }
}

impl BackupId {
    /// The name of a backup that is taken now for a call that has a name of its own, by which [`Self::is_for`] finds it again.
    #[must_use]
    pub fn stamped_for(now: Moment, call: &Digest) -> Self {
        Self(format!("{}-{}", digits(now), call.short()))
    }

    /// Whether it was taken for that call.
    #[must_use]
    pub fn is_for(&self, call: &Digest) -> bool {
        self.0.rsplit_once('-').is_some_and(|(_, tail)| tail == call.short())
    }
}

impl From<&DeploymentId> for BackupId {
    fn from(id: &DeploymentId) -> Self {
        Self(id.0.clone())
    }
}

/// `YYYYMMDD-HHMMSSmmm-XXXX`: sorts by time, and says when it was to whoever reads it.
fn stamp(now: Moment, salt: &Digest) -> String {
    format!("{}-{}", digits(now), &Digest::of_value(&(now, salt)).short()[..4])
}

/// `YYYYMMDD-HHMMSSmmm`.
fn digits(now: Moment) -> String {
    let digits: String = now.to_string().chars().filter(char::is_ascii_digit).collect();
    let (day, time) = digits.split_at(8.min(digits.len()));
    format!("{day}-{time}")
}

impl HostName {
    /// This machine, in user mode.
    #[must_use]
    pub fn local() -> Self {
        Self("local".into())
    }
}

impl SlotId {
    /// The slot `number` of `component`.
    #[must_use]
    pub fn numbered(component: &ComponentName, number: u32) -> Self {
        Self(format!("{component}-{number}"))
    }
}

/// A project in an environment: what a host keeps apart from all else that runs on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentKey {
    /// The project.
    pub project: ProjectName,
    /// Its environment.
    pub environment: EnvironmentName,
}

impl fmt::Display for EnvironmentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.environment)
    }
}

/// A host is written as for `ssh`; what could be read as an option or reach a shell is refused.
fn judge_host(text: &str) -> Result<(), NameError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_:[]%/".contains(c);
    match text {
        "" => Err(NameError::Empty),
        text if text.len() > 255 => Err(NameError::TooLong(text.chars().count())),
        text if !text.starts_with('-') && text.chars().all(plain) => Ok(()),
        _ => Err(NameError::Character),
    }
}

/// A slot's name is its component's with a number behind it, so it may be a little longer.
fn judge_slot(text: &str) -> Result<(), NameError> {
    match text.rsplit_once('-') {
        Some((component, number)) if number.len() <= 10 && number.bytes().all(|b| b.is_ascii_digit()) && !number.is_empty() => judge(component),
        _ => Err(NameError::Character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_name_and_what_is_not() {
        for good in ["a", "shop", "backend-2", "0", &"x".repeat(40)] {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
        for bad in ["", "../x", "a b", "Shop", "-a", "a-", "a\u{7}", "é", &"x".repeat(300)] {
            assert!(judge(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_is_no_option_of_ssh() {
        assert!(HostName::new("deploy@a.shop.example").is_ok());
        assert!(HostName::new("-oProxyCommand=x").is_err());
        assert!(HostName::new("a b").is_err());
    }
}
