//! The rules as a page for people.

use std::fmt::Write;

use plimsoll_model::finding::Severity;

use crate::{Example, GROUND, NOTICES, RULES, Rule};

const HEAD: &str = "\
# Migrations

A migration is a file `VERSION_NAME.up.sql`, and beside it `VERSION_NAME.down.sql`, which undoes it. The version is a number from 1 on, such as the time
as `YYYYMMDDHHMMSS`; migrations are applied in its order. The name has letters, digits, `_` and `-`. Hidden files and a `README` may lie in the folder
too. A file is run in a transaction, unless its first line begins with `-- no-transaction`. Its checksum is SHA-384 of its text, as sqlx has it.

## Rules
While a migration runs, the program of before goes on serving, and it serves again when the deployment is rolled back. So a migration has to suit
both: **expand** first (add what the new program needs), **contract** with a later deployment (take away what no program uses any more). These rules
find what does not, and what keeps others waiting. Each was held against a real database: its example does the harm that is named, its near miss
does not.

A finding is accepted in the file, for the one statement that follows, with a reason:

```sql
-- plimsoll: allow column-dropped: no program has asked for it since 2.4
ALTER TABLE account DROP COLUMN name;
```

An environment that has `requires = { safe_migrations = true }` refuses what is found and not accepted (`migrations-unsafe`), also what was not understood.

A table or a column that the same run of migrations makes is used by nobody yet, and may be changed at will.

The examples are about these tables:

";

/// All rules, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut page = format!("{HEAD}```sql\n{GROUND}```\n\n| rule | | databases | what the database does |\n|---|---|---|---|\n");
    for rule in RULES {
        let _infallible = writeln!(page, "| [`{id}`](#{id}) | {} | {} | {} |", severity(rule.severity), kinds(rule), rule.harm, id = rule.id);
    }
    RULES.iter().for_each(|rule| page.push_str(&section(rule)));
    page.push_str("\n## Other findings\n\n| finding | | what it means | what to do |\n|---|---|---|---|\n");
    for notice in NOTICES {
        let _infallible = writeln!(page, "| `{}` | {} | {} | {} |", notice.id, severity(notice.severity), notice.why, notice.safe);
    }
    page
}

fn section(rule: &Rule) -> String {
    let (example, near_miss) = (block(&rule.example), block(&rule.near_miss));
    format!("\n### {}\n{}\n\n**The safe way:** {}.\n\nFound:\n{example}\nNot found:\n{near_miss}", rule.id, rule.why, rule.safe)
}

fn block(example: &Example) -> String {
    let before = if example.before.is_empty() { String::new() } else { format!("-- long before\n{}\n-- now\n", example.before) };
    let down = example.down.map(|down| format!("\n-- down\n{down}")).unwrap_or_default();
    format!("```sql\n{before}{}{down}\n```\n", example.up)
}

fn kinds(rule: &Rule) -> String {
    rule.kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_kept_equal_to_the_rules() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/migrations.md");
        let written = std::fs::read_to_string(page).unwrap_or_default();
        assert!(written == reference(), "docs/migrations.md is out of date; it should be:\n{}", reference());
    }
}
