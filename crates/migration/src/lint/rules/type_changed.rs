//! A column gets another type.

use plimsoll_model::database::DatabaseKind;
use plimsoll_model::finding::Severity;

use super::{Example, Harm, Rule, SERVERS};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "type-changed",
    severity: Severity::Warning,
    kinds: SERVERS,
    harm: Harm::Rewrites,
    why: "The whole table is written anew, and nobody may read it meanwhile (in MySQL: nobody may write). The program of before may not know \
          what to do with the new type.",
    safe: "add a column of the new type, have the program write both, fill it in small batches, then read it, and drop the old one with a later \
           deployment",
    example: Example::up("ALTER TABLE account ALTER COLUMN age TYPE bigint;"),
    near_miss: Example::up("ALTER TABLE account ALTER COLUMN name TYPE varchar(100);"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::Retype { table, column, to } if step.before.is_used(table) => {
            let from = step.before.data_type(table, column);
            let is_free = from.is_some_and(|from| if case.kind == DatabaseKind::Postgres { is_wider(from, to) } else { is_longer(from, to) });
            (!is_free).then(|| format!("the column `{column}` of `{table}` becomes {to}, for which the whole table is written anew"))
        }
        _ => None,
    })
}

/// Whether all values of `from` are values of `to` as they lie on the disk, so that no row has to be looked at.
fn is_wider(from: &str, to: &str) -> bool {
    let ((from, from_limits), (to, to_limits)) = (parts(from), parts(to));
    let text = |name: &str| matches!(name, "TEXT" | "VARCHAR" | "CHARACTER VARYING");
    let number = |name: &str| matches!(name, "NUMERIC" | "DECIMAL");
    match (from_limits.as_slice(), to_limits.as_slice()) {
        (_, []) => text(from) && text(to) || number(from) && number(to),
        ([from_length], [to_length]) => text(from) && text(to) && from_length <= to_length,
        ([from_digits, from_scale], [to_digits, to_scale]) => number(from) && number(to) && from_scale == to_scale && from_digits <= to_digits,
        _ => false,
    }
}

/// The same for MySQL. It keeps how long a text is in one byte up to 255 bytes, of which a character takes up to four.
fn is_longer(from: &str, to: &str) -> bool {
    let more_values = || from.starts_with("ENUM(") && to.strip_prefix(from.trim_end_matches(')')).is_some_and(|rest| rest.starts_with(','));
    let longer = || match (length(from), length(to)) {
        (Some(from), Some(to)) => from <= to && (to <= 63 || from >= 256),
        _ => false,
    };
    from == to || more_values() || longer()
}

fn length(data_type: &str) -> Option<u32> {
    data_type.strip_prefix("VARCHAR(")?.strip_suffix(')')?.parse().ok()
}

/// `NUMERIC(10,2)` is `NUMERIC` with 10 and 2.
fn parts(data_type: &str) -> (&str, Vec<u32>) {
    let (name, limits) = data_type.split_once('(').unwrap_or((data_type, ""));
    (name.trim(), limits.trim_end_matches(')').split(',').filter_map(|limit| limit.trim().parse().ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_holds_all_that_was_there_is_wider() {
        let cases = [
            ("VARCHAR(50)", "VARCHAR(100)", true),
            ("VARCHAR(50)", "VARCHAR(49)", false),
            ("VARCHAR(50)", "TEXT", true),
            ("TEXT", "CHARACTER VARYING", true),
            ("TEXT", "VARCHAR(50)", false),
            ("INTEGER", "BIGINT", false),
            ("NUMERIC(10,2)", "NUMERIC(12,2)", true),
            ("NUMERIC(10,2)", "NUMERIC(12,3)", false),
            ("NUMERIC(10,2)", "TEXT", false),
        ];
        for (from, to, wider) in cases {
            assert_eq!(is_wider(from, to), wider, "{from} to {to}");
        }
    }

    #[test]
    fn in_mysql_a_text_may_get_longer_as_long_as_its_length_takes_as_many_bytes() {
        let cases = [
            ("VARCHAR(50)", "VARCHAR(63)", true),
            ("VARCHAR(50)", "VARCHAR(64)", false),
            ("VARCHAR(256)", "VARCHAR(1000)", true),
            ("VARCHAR(50)", "VARCHAR(49)", false),
            ("VARCHAR(50)", "VARCHAR(60) CHARACTER SET LATIN1", false),
            ("ENUM('A', 'B')", "ENUM('A', 'B', 'C')", true),
            ("ENUM('A', 'B')", "ENUM('B', 'A')", false),
            ("INT", "INT", true),
            ("INT", "BIGINT", false),
        ];
        for (from, to, longer) in cases {
            assert_eq!(is_longer(from, to), longer, "{from} to {to}");
        }
    }
}
