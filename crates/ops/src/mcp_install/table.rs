//! The entry in a file of TOML: values are set where they stand, and a table is added at the end.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::{NAME, Server};

/// The text with an entry that starts `server`, and all else in it as it was.
///
/// # Errors
/// Why not: in words.
pub(super) fn with(text: &str, server: &Server) -> Result<String, String> {
    let root = DeTable::parse(text).map_err(|error| format!("it is not TOML: {}", error.message()))?;
    let servers = match root.get_ref().get("mcp_servers").map(|servers| servers.get_ref()) {
        None => None,
        Some(DeValue::Table(servers)) => Some(servers),
        Some(_) => return Err("`mcp_servers` is no table".into()),
    };
    match servers.and_then(|servers| servers.get(NAME)).map(|entry| entry.get_ref()) {
        None => appended(text, server),
        Some(DeValue::Table(entry)) => set(text, entry, server),
        Some(_) => Err(format!("`mcp_servers.{NAME}` is no table")),
    }
}

fn appended(text: &str, server: &Server) -> Result<String, String> {
    let gap = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let (command, args) = written(server);
    let whole = format!("{text}{gap}[mcp_servers.{NAME}]\ncommand = {command}\nargs = {args}\n");
    // A table that is written in braces takes no more.
    DeTable::parse(&whole).map(|_| ()).map_err(|_| "`mcp_servers` is written so that nothing can be added to it".to_owned())?;
    Ok(whole)
}

fn set(text: &str, entry: &DeTable<'_>, server: &Server) -> Result<String, String> {
    let (Some(command), Some(args)) = (entry.get("command"), entry.get("args")) else {
        return Err(format!("`mcp_servers.{NAME}` has no `command` with `args`: it is of another kind"));
    };
    let (new_command, new_args) = written(server);
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    if command.get_ref().as_str() != Some(&server.command) {
        changes.push((command.span(), new_command));
    }
    if words(args.get_ref()).as_deref() != Some(&server.args.iter().map(String::as_str).collect::<Vec<_>>()[..]) {
        changes.push((args.span(), new_args));
    }
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = text.to_owned();
    changes.into_iter().for_each(|(span, value)| text.replace_range(span, &value));
    Ok(text)
}

fn words<'v>(value: &'v DeValue<'_>) -> Option<Vec<&'v str>> {
    value.as_array()?.iter().map(|word| word.get_ref().as_str()).collect()
}

fn written(server: &Server) -> (String, String) {
    let args = server.args.iter().cloned().map(toml::Value::String).collect();
    (toml::Value::String(server.command.clone()).to_string(), toml::Value::Array(args).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> Server {
        Server { command: "plimsoll".into(), args: vec!["mcp".into(), "--read-only".into()] }
    }

    #[test]
    fn the_entry_is_added_or_set_and_nothing_else_is_touched() {
        let check = |text: &str, expect: &str| {
            let done = with(text, &server()).unwrap();
            assert_eq!(done, expect);
            assert_eq!(with(&done, &server()).unwrap(), done, "the same again is no change");
        };
        let ours = "[mcp_servers.plimsoll]\ncommand = \"plimsoll\"\nargs = [\"mcp\", \"--read-only\"]\n";
        check("", ours);
        check("model = 'x' # mine", &format!("model = 'x' # mine\n\n{ours}"));
        check("[mcp_servers.a]\ncommand = 'a'\n", &format!("[mcp_servers.a]\ncommand = 'a'\n\n{ours}"));
        check("mcp_servers.a.command = 'a'\n", &format!("mcp_servers.a.command = 'a'\n\n{ours}"));
        check(
            "[mcp_servers.plimsoll]\nargs = [\n  'mcp', # serve\n]\nstartup_timeout_sec = 9\ncommand = '/old' # here\n[other]\n",
            "[mcp_servers.plimsoll]\nargs = [\"mcp\", \"--read-only\"]\nstartup_timeout_sec = 9\ncommand = \"plimsoll\" # here\n[other]\n",
        );
        check(
            "mcp_servers = { plimsoll = { command = 'plimsoll', args = [] } }\n",
            "mcp_servers = { plimsoll = { command = 'plimsoll', args = [\"mcp\", \"--read-only\"] } }\n",
        );
    }

    #[test]
    fn what_cannot_be_understood_is_left_alone() {
        for (text, why) in [
            ("model = ", "it is not TOML"),
            ("mcp_servers = 1", "no table"),
            ("mcp_servers = { a = { command = 'a' } }\n", "nothing can be added"),
            ("[mcp_servers.plimsoll]\nurl = 'x'\n", "another kind"),
            ("[mcp_servers]\nplimsoll = 1\n", "no table"),
        ] {
            assert!(with(text, &server()).unwrap_err().contains(why), "{text}");
        }
    }
}
