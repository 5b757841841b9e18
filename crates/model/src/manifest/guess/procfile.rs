//! Procfiles: what they name is what is run. `web` answers HTTP, the others are workers.

use super::super::draft::{Draft, Folder, Found};

pub(super) fn detect(folder: &Folder<'_>) -> Found {
    let Some(text) = folder.read("Procfile") else { return Found::default() };
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let processes = lines.filter_map(|line| line.split_once(':')).map(|(name, command)| (name.trim(), command.trim()));
    let mut found = Found::default();
    for (name, command) in processes.filter(|(_, command)| !command.is_empty() && !command.contains(char::is_control)) {
        if name == "release" {
            found.notes.push(format!("`release` of {} was left out: run it yourself before the deployment.", folder.spoken("Procfile")));
        } else {
            found.drafts.push(draft(folder, name, command));
        }
    }
    found
}

fn draft(folder: &Folder<'_>, name: &str, command: &str) -> Draft {
    let inner = folder.path.last().map(|path| format!("{path}-{name}"));
    Draft {
        name: inner.unwrap_or_else(|| name.to_owned()),
        why: format!("Process `{name}`, from {}", folder.spoken("Procfile")),
        run: Some(command.to_owned()),
        routed: name == "web",
        ..Draft::default()
    }
}
