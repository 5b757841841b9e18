//! Backups of databases.

use owo_colors::OwoColorize;
use plimsoll_model::EnvironmentKey;
use plimsoll_model::backup::Content;
use plimsoll_model::copy::BackupCopy;
use plimsoll_ops::{BackupView, Restored};

use super::measure::{count, moment, size};
use super::table::table;

/// A table of backups, the oldest first.
pub fn list(key: &EnvironmentKey, backups: &[BackupView]) -> String {
    if backups.is_empty() {
        return format!("{key} has no backup\n");
    }
    table_of(backups)
}

/// The same where there are some.
pub fn table_of(backups: &[BackupView]) -> String {
    let head = ["backup", "database", "taken", "size", "holds", "version", "state"].map(|title| title.dimmed().to_string());
    let troubles: String = backups.iter().filter_map(trouble).collect();
    table(&std::iter::once(head).chain(backups.iter().map(row)).collect::<Vec<_>>()) + &troubles
}

/// A table of copies, the oldest first.
pub fn copies(key: &EnvironmentKey, copies: &[BackupCopy]) -> String {
    if copies.is_empty() {
        return format!("no backup of {key} was copied yet\n");
    }
    let head = ["copy", "database", "size", "readable"].map(|title| title.dimmed().to_string());
    let readable = |copy: &BackupCopy| if copy.encrypted { "for its recipients" } else { "for who has it" };
    let row = |copy: &BackupCopy| [copy.id.to_string(), copy.database.to_string(), size(copy.bytes), readable(copy).to_owned()];
    table(&std::iter::once(head).chain(copies.iter().map(row)).collect::<Vec<_>>())
}

/// What was copied now.
pub fn copied(key: &EnvironmentKey, made: &[BackupCopy]) -> String {
    if made.is_empty() { format!("nothing to copy: every backup of {key} that counts is copied\n") } else { copies(key, made) }
}

/// What a restore came to.
pub fn restored(key: &EnvironmentKey, output: &Restored) -> String {
    if output.restored.is_empty() {
        return format!("nothing to restore: every table of {key} is as in the backup\n");
    }
    let before = output.before.iter().map(|view| format!("what {} had before is backup {}\n", view.backup.database, view.backup.id));
    let done =
        output.restored.iter().map(|view| format!("{} {} has the data of backup {}\n", "restored".green(), view.backup.database, view.backup.id));
    let losses = output.losses.iter().map(|loss| format!("before, {loss}\n"));
    done.chain(losses).chain(before).collect()
}

fn row(view: &BackupView) -> [String; 7] {
    let content = view.backup.content.as_ref();
    let told = |tell: fn(&Content) -> String| content.map(tell).unwrap_or_default();
    [
        view.backup.id.to_string(),
        view.backup.database.to_string(),
        told(|content| moment(content.at)),
        told(|content| size(content.bytes)),
        told(holds),
        told(|content| content.origin.as_ref().and_then(|origin| origin.version.clone()).unwrap_or_default()),
        state(view),
    ]
}

fn holds(content: &Content) -> String {
    let rows: u64 = content.tables.values().map(|table| table.rows).sum();
    format!("{} in {}, {}", count_of(rows, "row"), count(content.tables.len(), "table"), count(content.applied.len(), "migration"))
}

fn count_of(number: u64, what: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), what)
}

fn state(view: &BackupView) -> String {
    match () {
        () if view.backup.trouble.is_some() => "damaged".red().to_string(),
        () if view.counts && view.backup.copied.is_some() => "verified, copied".green().to_string(),
        () if view.counts => "verified".green().to_string(),
        () => "not verified".yellow().to_string(),
    }
}

fn trouble(view: &BackupView) -> Option<String> {
    let trouble = view.backup.trouble.as_ref()?;
    Some(format!("{} {} of {}: {trouble}\n", "note:".yellow(), view.backup.id, view.backup.database))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::plain;
    use super::*;

    fn view(id: &str, verified: bool, trouble: Option<&str>) -> BackupView {
        let sum = json!({ "rows": 1200, "hash": plimsoll_model::Digest::of(b"x") });
        let backup = serde_json::from_value(json!({
            "id": id, "database": "data", "verified_at": verified.then_some("2026-01-17T14:30:10.000Z"),
            "trouble": trouble.map(|message| json!({ "code": "backup-damaged", "message": message, "help": null, "output": [] })),
            "at": "2026-01-17T14:30:00.000Z", "bytes": 34_567, "tables": { "notes": sum, "people": sum }, "applied": [],
            "origin": { "project": "shop", "environment": "dev", "deployment": null, "version": "1.4.0", "commit": null, "releases": {}, "configs": {} },
        }));
        BackupView { host: plimsoll_model::HostName::local(), counts: verified && trouble.is_none(), backup: backup.unwrap() }
    }

    #[test]
    fn backups_are_told_with_what_they_are_worth() {
        let key = serde_json::from_value(json!({ "project": "shop", "environment": "dev" })).unwrap();
        assert_eq!(plain(&list(&key, &[])), "shop/dev has no backup\n");
        let views = [view("b1", true, None), view("b2", false, None), view("b3", true, Some("it has 7 bytes"))];
        insta::assert_snapshot!(plain(&list(&key, &views)), @r"
        backup  database  taken                    size     holds                                version  state
        b1      data      2026-01-17 14:30:00 UTC  34.5 kB  2400 rows in 2 tables, 0 migrations  1.4.0    verified
        b2      data      2026-01-17 14:30:00 UTC  34.5 kB  2400 rows in 2 tables, 0 migrations  1.4.0    not verified
        b3      data      2026-01-17 14:30:00 UTC  34.5 kB  2400 rows in 2 tables, 0 migrations  1.4.0    damaged
        note: b3 of data: it has 7 bytes
        ");
    }
}
