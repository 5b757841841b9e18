//! The file with an environment's secrets: encrypted to people's public keys, opened with one of their private ones.
//!
//! The format is that of [age](https://age-encryption.org), armored, so that the file lies well in git and `age --decrypt` opens it
//! without Plimsoll. Which secrets are wanted, who is asked for a passphrase and what is told to people is left to others.

mod document;
mod error;
mod file;
mod keyring;
pub mod large;
mod lines;
mod locked;
mod seal;

pub use document::{Difference, Document};
pub use error::VaultError;
pub use file::{Seen, VaultFile};
pub use keyring::{Ask, Keyring};
pub use lines::{MAX_VALUE_BYTES, Nonsense, Values, judge_value, read_lines, write_lines};
