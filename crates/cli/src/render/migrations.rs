//! Migrations, as databases and the source have them.

use owo_colors::OwoColorize;
use plimsoll_ops::migrate_check;
use plimsoll_ops::migrate_status::{Known, Output, State};

use super::measure::count;
use super::table::table;

/// A table for each database.
pub fn status(output: &Output) -> String {
    let told = output.databases.iter().map(|(name, known)| {
        let pending = known.iter().filter(|known| known.state == State::Pending).count();
        let rows: Vec<_> = known.iter().map(row).collect();
        format!("{}: {}, {pending} pending\n{}", name.bold(), count(known.len(), "migration"), table(&rows))
    });
    told.collect()
}

/// One line for each database that is as its migrations say.
pub fn check(output: &migrate_check::Output) -> String {
    let told = output.databases.iter().map(|(name, checked)| {
        let migrations = count(checked.compared.migrations, "migration");
        format!("{}: the schema is what its {migrations} give\n", name.bold())
    });
    told.collect()
}

fn row(known: &Known) -> [String; 3] {
    let state = match known.state {
        State::Applied => "applied".green().to_string(),
        State::Pending => "pending".yellow().to_string(),
        State::Changed => "changed since it was applied".red().to_string(),
        State::Half => "begun, and never finished".red().to_string(),
        State::Unknown => "not in the source".red().to_string(),
    };
    let lasting = !known.reversible && known.state != State::Unknown;
    [format!("  {}", known.name), state, if lasting { "cannot be undone".into() } else { String::new() }]
}

#[cfg(test)]
mod tests {
    use super::super::plain;
    use super::*;

    #[test]
    fn each_migration_is_told_with_its_state() {
        let known = |version: i64, name: &str, state, reversible| Known { version, name: name.into(), state, reversible };
        let migrations = vec![
            known(1, "0001_notes", State::Applied, true),
            known(2, "0002_author", State::Changed, true),
            known(3, "0003_tags", State::Pending, false),
            known(9, "9 tags", State::Unknown, false),
        ];
        let key = serde_json::from_value(serde_json::json!({ "project": "shop", "environment": "dev" })).unwrap();
        let output = Output { key, databases: [("main".parse().unwrap(), migrations)].into() };
        insta::assert_snapshot!(plain(&status(&output)), @r"
        main: 4 migrations, 1 pending
          0001_notes   applied
          0002_author  changed since it was applied
          0003_tags    pending                       cannot be undone
          9 tags       not in the source
        ");
    }

    #[test]
    fn a_database_that_is_as_its_migrations_say_is_told_in_a_line() {
        let output = serde_json::json!({ "migrations": 3, "changes": [] });
        let checked = migrate_check::Checked { host: plimsoll_model::HostName::local(), compared: serde_json::from_value(output).unwrap() };
        let key = serde_json::from_value(serde_json::json!({ "project": "shop", "environment": "dev" })).unwrap();
        let output = migrate_check::Output { key, databases: [("main".parse().unwrap(), checked)].into() };
        assert_eq!(plain(&check(&output)), "main: the schema is what its 3 migrations give\n");
    }
}
