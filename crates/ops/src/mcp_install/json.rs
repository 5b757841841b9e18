//! The entry in a file of JSON, in which clients allow comments and commas at the end: values are set where they stand, and what is missing is put
//! behind what is there, as far in as the rest.

use std::ops::Range;

use serde_json::{Value, json};

use super::{NAME, Server};

/// A member of an object: its key, and where its value stands.
struct Member {
    key: String,
    at: usize,
    value: Range<usize>,
}

/// An object of a text: where its braces stand, and what is in it.
struct Object {
    open: usize,
    close: usize,
    members: Vec<Member>,
}

/// The text with an entry below `key` that starts `server`, and all else in it as it was.
///
/// # Errors
/// Why not: in words.
pub(super) fn with(text: &str, key: &str, kind: Option<&str>, server: &Server) -> Result<String, String> {
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    let root = read(text)?;
    let mut entry = json!({ "command": server.command, "args": server.args });
    if let Some(kind) = kind {
        entry["type"] = json!(kind);
    }
    match (root.get(key), root.pointer(&format!("/{key}/{NAME}"))) {
        (None, _) => Ok(put(text, &[], key, &json!({ NAME: entry }))),
        (Some(Value::Object(_)), None) => Ok(put(text, &[key], NAME, &entry)),
        (Some(Value::Object(_)), Some(found)) => set(text, key, found, &entry),
        (Some(_), _) => Err(format!("`{key}` is no object")),
    }
}

/// Brings what starts the server to what is wanted; what else its entry says stays.
fn set(text: &str, key: &str, found: &Value, entry: &Value) -> Result<String, String> {
    if !found["command"].is_string() {
        return Err(format!("`{key}.{NAME}` starts no program: it is of another kind"));
    }
    let wanted = entry.as_object().into_iter().flatten().filter(|(name, value)| found.get(name.as_str()) != Some(*value));
    Ok(wanted.fold(text.to_owned(), |text, (name, value)| put(&text, &[key, NAME], name, value)))
}

/// Sets a member of the object that `path` leads to.
fn put(text: &str, path: &[&str], key: &str, value: &Value) -> String {
    let code = without_comments(text);
    let mut object = object(&code, code.find('{').expect("what was read is an object"));
    for name in path {
        let member = object.members.iter().rfind(|member| member.key == *name).expect("what was read has this member");
        object = self::object(&code, member.value.start);
    }
    let mut text = text.to_owned();
    match object.members.iter().rfind(|member| member.key == key) {
        Some(member) => text.replace_range(member.value.clone(), &laid_out(value, &margin(&code, member.at))),
        None => insert(&mut text, &code, &object, key, value),
    }
    text
}

/// Puts a member behind the last one.
fn insert(text: &mut String, code: &str, object: &Object, key: &str, value: &Value) {
    let last = object.members.last();
    let inner = last.map(|last| margin(code, last.at)).filter(|inner| *inner != margin(code, object.open));
    let inner = inner.unwrap_or_else(|| margin(code, object.open) + "  ");
    let member = format!("\n{inner}{}: {}", json!(key), laid_out(value, &inner));
    // Comments behind the last member stay with it.
    let end = text[..object.close].trim_end().len();
    let is_last_line = !text[end..object.close].contains('\n');
    let close = if is_last_line { format!("\n{}", margin(code, object.open)) } else { String::new() };
    text.replace_range(end..if is_last_line { object.close } else { end }, &(member + &close));
    if let Some(last) = last
        && !code[last.value.end..object.close].contains(',')
    {
        text.insert(last.value.end, ',');
    }
}

/// What stands before the first character of the line that `at` is in.
fn margin(code: &str, at: usize) -> String {
    let line = &code[code[..at].rfind('\n').map_or(0, |end| end + 1)..];
    line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
}

fn laid_out(value: &Value, margin: &str) -> String {
    let short = value.as_array().map(|words| format!("[{}]", words.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")));
    let members = value.as_object().map(|members| {
        let inner = format!("{margin}  ");
        // From behind, what is started stands before its arguments.
        let lines = members.iter().rev().map(|(key, value)| format!("\n{inner}{}: {}", json!(key), laid_out(value, &inner)));
        format!("{{{}\n{margin}}}", lines.collect::<Vec<_>>().join(","))
    });
    short.or(members).unwrap_or_else(|| value.to_string())
}

/// Reads a text as clients do.
fn read(text: &str) -> Result<Value, String> {
    let mut strict = without_comments(text).into_bytes();
    let commas: Vec<usize> = outside_of_strings(&strict).filter(|(_, byte)| *byte == b',').map(|(at, _)| at).collect();
    for at in commas {
        let next = strict[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(next, Some(b'}' | b']')) {
            strict[at] = b' ';
        }
    }
    let value: Value = serde_json::from_slice(&strict).map_err(|error| format!("it is not JSON: {error}"))?;
    if value.is_object() { Ok(value) } else { Err("it is no JSON object".into()) }
}

/// The text with blanks in the place of comments: all else stands where it stood.
fn without_comments(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let length = match rest {
            [b'"', ..] => string_length(rest),
            [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            [b'/', b'*', ..] => rest.windows(2).skip(2).position(|pair| pair == b"*/").map_or(rest.len(), |end| end + 4),
            _ => 1,
        };
        if rest[0] == b'/' {
            bytes[at..at + length].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        }
        at += length;
    }
    String::from_utf8(bytes).expect("whole comments were replaced, and they begin and end between characters")
}

/// How long the string is that these bytes begin with, its quotes included.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn outside_of_strings(bytes: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let at = next;
        next += if *bytes.get(at)? == b'"' { string_length(&bytes[at..]) } else { 1 };
        Some((at, bytes[at]))
    })
}

/// The object whose brace stands at `open`, of a text that was read and has no comments.
fn object(code: &str, open: usize) -> Object {
    let bytes = code.as_bytes();
    let (mut members, mut at) = (Vec::new(), open + 1);
    loop {
        while matches!(bytes[at], b',' | b' ' | b'\t' | b'\r' | b'\n') {
            at += 1;
        }
        if bytes[at] == b'}' {
            return Object { open, close: at, members };
        }
        let key = at..at + string_length(&bytes[at..]);
        let colon = key.end + code[key.end..].find(':').expect("a key has a value");
        let start = colon + 1 + code[colon + 1..].find(|c: char| !c.is_whitespace()).expect("a key has a value");
        let end = start + value_length(&bytes[start..]);
        members.push(Member { key: serde_json::from_str(&code[key.clone()]).unwrap_or_default(), at: key.start, value: start..end });
        at = end;
    }
}

fn value_length(bytes: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in outside_of_strings(bytes) {
        match byte {
            b'"' if depth == 0 => return string_length(bytes),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 1 => return at + 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn server() -> Server {
        Server { command: "plimsoll".into(), args: vec!["mcp".into()] }
    }

    #[track_caller]
    fn done(text: &str) -> String {
        let done = with(text, "mcpServers", None, &server()).unwrap();
        assert_eq!(with(&done, "mcpServers", None, &server()).unwrap(), done, "the same again is no change");
        done
    }

    #[test]
    fn a_new_file_holds_the_entry() {
        for empty in ["", " \n"] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(done(empty), @r#"
                {
                  "mcpServers": {
                    "plimsoll": {
                      "command": "plimsoll",
                      "args": ["mcp"]
                    }
                  }
                }
                "#);
            }
        }
    }

    #[test]
    fn comments_order_and_margins_stay() {
        insta::assert_snapshot!(done("{\n    // theirs, with \"mcpServers\": {\n    \"z\": [1, 2,], // last\n    \"mcpServers\": {\n        \"a\": { \"command\": \"a}\" } /* a */, // and b\n    }, // servers\n    \"a\": \"\\\"//\"\n}\n"), @r#"
        {
            // theirs, with "mcpServers": {
            "z": [1, 2,], // last
            "mcpServers": {
                "a": { "command": "a}" } /* a */, // and b
                "plimsoll": {
                  "command": "plimsoll",
                  "args": ["mcp"]
                }
            }, // servers
            "a": "\"//"
        }
        "#);
        insta::assert_snapshot!(done("{\n  \"b\": 1 // no comma\n}\n"), @r#"
        {
          "b": 1, // no comma
          "mcpServers": {
            "plimsoll": {
              "command": "plimsoll",
              "args": ["mcp"]
            }
          }
        }
        "#);
        insta::assert_snapshot!(done(r#"{"numStartups":3,"mcpServers":{}}"#), @r#"
        {"numStartups":3,"mcpServers":{
          "plimsoll": {
            "command": "plimsoll",
            "args": ["mcp"]
          }
        }}
        "#);
    }

    #[test]
    fn what_else_an_entry_says_stays() {
        insta::assert_snapshot!(done(r#"{ "mcpServers": { "plimsoll": { "env": { "A": "b" }, "command": "/old", "timeout": 5 } } }"#), @r#"
        { "mcpServers": { "plimsoll": { "env": { "A": "b" }, "command": "plimsoll", "timeout": 5,
          "args": ["mcp"]
        } } }
        "#);
    }

    #[test]
    fn what_cannot_be_understood_is_left_alone() {
        for (text, why) in [
            ("{", "not JSON"),
            ("[]", "no JSON object"),
            ("{ \"a\": 1 /* ", "not JSON"),
            (r#"{ "mcpServers": [] }"#, "no object"),
            (r#"{ "mcpServers": { "plimsoll": { "url": "x" } } }"#, "another kind"),
            (r#"{ "mcpServers": { "plimsoll": 1 } }"#, "another kind"),
        ] {
            let error = with(text, "mcpServers", None, &server()).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    fn keys() -> impl Strategy<Value = String> {
        prop_oneof![Just("plimsoll".to_owned()), Just("mcpServers".to_owned()), Just("command".to_owned()), r#"[a-z"\\/{}]{0,3}"#]
    }

    /// Values with all that could be taken for structure.
    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            r#"[a-z"\\/*{}\[\],: é]{0,6}"#.prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                prop::collection::btree_map(keys(), inner, 0..4).prop_map(|members| json!(members)),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_else_is_changed(members in prop::collection::btree_map(keys(), values(), 0..5), pretty in any::<bool>()) {
            let value = json!(members);
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            if let Ok(done) = with(&text, "mcpServers", None, &server()) {
                let (mut before, mut after) = (value, read(&done).unwrap());
                prop_assert_eq!(&after["mcpServers"]["plimsoll"]["args"], &json!(["mcp"]));
                prop_assert_eq!(&after["mcpServers"]["plimsoll"]["command"], "plimsoll");
                // Without what was set, both say the same.
                for value in [&mut before, &mut after] {
                    let entry = &mut value["mcpServers"]["plimsoll"];
                    if entry.is_null() {
                        *entry = json!({});
                    }
                    entry["args"].take();
                    entry["command"].take();
                }
                prop_assert_eq!(before, after);
            }
        }
    }
}
