//! Secrets: by name, where they come from and who can read them.

use owo_colors::OwoColorize;
use plimsoll_ops::secrets_list::{File, Output};
use plimsoll_ops::{SecretUsers, SecretView, secrets_edit, secrets_rekey, secrets_set, secrets_unset};

use super::measure::count;
use super::table::table;

/// Where the values come from that a plan would bring.
pub fn sources(secrets: &[SecretView]) -> String {
    if secrets.is_empty() { String::new() } else { format!("secrets:\n{}", rows(secrets)) }
}

/// All secrets of an environment.
pub fn list(output: &Output) -> String {
    let wanted = if output.secrets.is_empty() { "no secret is wanted".into() } else { count(output.secrets.len(), "secret") };
    let mut text = format!("{}: {wanted}\n{}", output.key.bold(), rows(&output.secrets));
    if !output.superfluous.is_empty() {
        text += &format!("{} wanted by nobody: {}\n", "note:".yellow(), output.superfluous.join(", "));
    }
    text + &file(&output.file, output.key.environment.as_str())
}

/// What was kept.
pub fn set(output: &secrets_set::Output) -> String {
    let again = if output.replaced { ", in the place of the one before" } else { "" };
    let mut text = format!("{} is kept{again}\n{}", output.name.bold(), readable(&output.file, &output.readers));
    if output.users == SecretUsers::default() {
        text += &format!("{} nobody wants it yet: name it in the `secrets` of a component\n", "note:".yellow());
    }
    text
}

/// What was taken out.
pub fn unset(output: &secrets_unset::Output) -> String {
    let mut text = format!("{} is taken out\n{}", output.name.bold(), readable(&output.file, &output.readers));
    if output.users != SecretUsers::default() {
        text += &format!("{} still wanted by {}\n", "note:".yellow(), names(&output.users));
    }
    text
}

/// What became of the values that were edited.
pub fn edited(output: &secrets_edit::Output) -> String {
    let parts = [("new", &output.added), ("changed", &output.changed), ("taken out", &output.removed)];
    let told: String = parts.iter().filter(|(_, names)| !names.is_empty()).map(|(what, names)| format!("{what}: {}\n", names.join(", "))).collect();
    if told.is_empty() { format!("nothing was changed: {} is as it was\n", output.file) } else { told + &readable(&output.file, &output.readers) }
}

/// Who can read a file, and who could.
pub fn rekeyed(output: &secrets_rekey::Output) -> String {
    let mut text = readable(&output.file, &output.readers);
    if !output.added.is_empty() {
        text += &format!("new: {}\n", output.added.join(", "));
    }
    if !output.removed.is_empty() {
        text += &format!("no longer: {}\n", output.removed.join(", "));
        text += &format!("{} what they could read lies in the project's history: give those secrets new values\n", "note:".yellow());
    }
    text
}

fn rows(secrets: &[SecretView]) -> String {
    let row = |secret: &SecretView| {
        let source = secret.source.as_ref().map_or_else(|| "has no value".red().to_string(), |source| format!("from {source}"));
        [format!("  {}", secret.name), names(&secret.users), source]
    };
    table(&secrets.iter().map(row).collect::<Vec<_>>())
}

fn file(file: &File, environment: &str) -> String {
    if !file.exists {
        return format!("there is no {} yet: plimsoll secrets set {environment} NAME\n", file.path);
    }
    let mut text = readable(&file.path, &file.readers);
    let rekey = format!("plimsoll secrets rekey {environment}");
    if !file.waiting.is_empty() {
        text += &format!("{} not yet: {}; {rekey}\n", "note:".yellow(), file.waiting.join(", "));
    }
    if !file.lingering.is_empty() {
        text += &format!("{} still, though the manifest does not name them: {}; {rekey}\n", "note:".yellow(), file.lingering.join(", "));
    }
    text
}

fn readable(file: &str, readers: &[String]) -> String {
    if readers.is_empty() { format!("{file} does not tell who can read it\n") } else { format!("{file} can be read by {}\n", readers.join(", ")) }
}

fn names(users: &SecretUsers) -> String {
    let components = users.components.iter().map(|name| name.as_str());
    components.chain(users.certificates.iter().map(String::as_str)).collect::<Vec<_>>().join(", ")
}
