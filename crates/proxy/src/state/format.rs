//! The bytes of a kept table: a line with version and checksum, then the table. The checksum covers version and table, so that no
//! damage makes another table of one, nor a newer version of this one.

use plimsoll_model::route::RouteTable;
use serde::{Deserialize, Serialize};

/// The newest version of the format that this program writes, for tables with TLS. It reads no newer one.
pub(crate) const VERSION: u32 = 3;
/// The version of tables without TLS, which older programs can serve as well.
const PLAIN: u32 = 2;

/// Why bytes are no table.
#[derive(Debug, thiserror::Error)]
pub(super) enum FormatError {
    /// A newer program wrote them.
    #[error("version {0}")]
    Newer(u32),
    /// They are not what was written.
    #[error("{0}")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u32,
    blake3: String,
}

/// `table` as bytes.
pub(super) fn write(table: &RouteTable) -> Vec<u8> {
    let body = serde_json::to_vec_pretty(table).expect("a table is plain data");
    let secure = table.routes.iter().any(|route| route.spec.tls.is_some());
    let version = if secure { VERSION } else { PLAIN };
    let head = Head { version, blake3: checksum(version, &body) };
    let mut text = serde_json::to_vec(&head).expect("two plain fields");
    text.push(b'\n');
    text.extend(body);
    text
}

/// The table in `text`.
pub(super) fn read(text: &[u8]) -> Result<RouteTable, FormatError> {
    let damaged = |error: serde_json::Error| FormatError::Damaged(error.to_string());
    let end = text.iter().position(|byte| *byte == b'\n').ok_or_else(|| FormatError::Damaged("it is cut short".to_owned()))?;
    let (head, body) = (&text[..end], &text[end + 1..]);
    let head: Head = serde_json::from_slice(head).map_err(damaged)?;
    if head.blake3 != checksum(head.version, body) {
        return Err(FormatError::Damaged("its checksum is wrong".to_owned()));
    }
    if head.version > VERSION {
        return Err(FormatError::Newer(head.version));
    }
    serde_json::from_slice(body).map_err(damaged)
}

/// Every version is to compute it so.
fn checksum(version: u32, body: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&version.to_le_bytes()).update(body);
    hasher.finalize().to_hex().to_string()
}

/// What a program of `version` would have written.
#[cfg(test)]
pub(super) fn of_version(version: u32, body: &str) -> String {
    let head = Head { version, blake3: checksum(version, body.as_bytes()) };
    format!("{}\n{body}", serde_json::to_string(&head).expect("two plain fields"))
}
