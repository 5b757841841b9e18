//! Entries of systemd's journal, as `journalctl --output=json` prints them. Whoever writes to the journal chooses the fields without a
//! leading underscore, so these are believed only where the others agree.

use jiff::Timestamp;
use plimsoll_model::SlotId;
use serde_json::{Map, Value};

/// The fields that are asked for, besides those that are always there.
pub(super) const FIELDS: &str = "MESSAGE,PRIORITY,PLIMSOLL_CONFIG,PLIMSOLL_SLOT,_LINE_BREAK,_SYSTEMD_UNIT";

/// Entries of this priority and worse ones are errors: those of syslog.
const ERROR: &str = "3";

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its place in the journal.
    pub(super) cursor: String,
    pub(super) at: Timestamp,
    /// The unit of who wrote it.
    pub(super) unit: String,
    /// The slot that it says it is of.
    pub(super) slot: SlotId,
    /// The configuration that it says the slot had.
    pub(super) config: String,
    /// `out` or `err`. The two streams of a program are one for systemd, so errors are what was sent to the journal as such.
    pub(super) kind: &'static str,
    pub(super) text: Vec<u8>,
    /// Whether the line goes on in the next entry.
    pub(super) torn: bool,
}

/// An entry that a slot wrote.
pub(super) fn parse(line: &[u8]) -> Option<Entry> {
    let fields: Map<String, Value> = serde_json::from_slice(line).ok()?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let at = text("__REALTIME_TIMESTAMP")?.parse().ok().and_then(|at| Timestamp::from_microsecond(at).ok())?;
    Some(Entry {
        cursor: text("__CURSOR")?.to_owned(),
        at,
        unit: text("_SYSTEMD_UNIT")?.to_owned(),
        slot: SlotId::new(text("PLIMSOLL_SLOT")?).ok()?,
        config: text("PLIMSOLL_CONFIG").unwrap_or_default().to_owned(),
        kind: if text("PRIORITY").is_some_and(|priority| priority <= ERROR) { "err" } else { "out" },
        text: fields.get("MESSAGE").map(bytes).unwrap_or_default(),
        torn: text("_LINE_BREAK") == Some("line-max"),
    })
}

/// The place of an entry, whoever wrote it.
pub(super) fn cursor(line: &[u8]) -> Option<String> {
    let fields: Map<String, Value> = serde_json::from_slice(line).ok()?;
    fields.get("__CURSOR")?.as_str().map(str::to_owned)
}

/// What cannot be printed comes as a list of bytes; a field that is there several times as a list of those.
fn bytes(value: &Value) -> Vec<u8> {
    let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok());
    match value {
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(all) if all.iter().all(Value::is_number) => all.iter().filter_map(byte).collect(),
        Value::Array(several) => several.iter().map(bytes).collect::<Vec<_>>().join(&b'\n'),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(more: &Value) -> Option<Entry> {
        let mut fields = json!({
            "__CURSOR": "s=1;i=2", "__REALTIME_TIMESTAMP": "1795295459172416", "_SYSTEMD_UNIT": "plimsoll-shop.dev.web-1.service",
            "PLIMSOLL_SLOT": "web-1", "PRIORITY": "6", "MESSAGE": "hello",
        });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        parse(fields.to_string().as_bytes())
    }

    #[test]
    fn messages_come_in_many_forms() {
        let message = |value: Value| entry(&json!({ "MESSAGE": value })).unwrap().text;
        assert_eq!(message(json!("hello")), b"hello");
        assert_eq!(message(json!([27, 91, 49, 109, 255])), b"\x1b[1m\xff");
        assert_eq!(message(json!(["one", [116, 255]])), b"one\nt\xff");
        for nothing in [json!(null), json!({}), json!([]), json!(true), json!([300, -1, 1.5])] {
            assert_eq!(message(nothing.clone()), b"", "{nothing}");
        }
    }

    #[test]
    fn what_is_known_of_a_line_is_told() {
        let plain = entry(&json!({})).unwrap();
        assert_eq!((plain.at.to_string().as_str(), plain.kind, plain.torn), ("2026-11-21T21:10:59.172416Z", "out", false));
        let other = entry(&json!({ "PRIORITY": "3", "_LINE_BREAK": "line-max" })).unwrap();
        assert_eq!((other.kind, other.torn), ("err", true));
    }

    #[test]
    fn what_is_not_of_a_slot_is_passed_over() {
        for broken in [json!({ "PLIMSOLL_SLOT": ["web-1", "web-2"] }), json!({ "PLIMSOLL_SLOT": "../x" }), json!({ "__REALTIME_TIMESTAMP": "x" })] {
            assert_eq!(entry(&broken), None, "{broken}");
        }
        for text in ["", "no json", "[]", "{}"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
