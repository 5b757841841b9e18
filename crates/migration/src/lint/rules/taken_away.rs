//! A function or the like goes that the program of before may call.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit, Step};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "taken-away",
    severity: Severity::Warning,
    kinds: POSTGRES,
    harm: Harm::BreaksServing,
    why: "The program of before serves until the switch, and again after a rollback. What it calls itself, or what a trigger or a default calls for it, \
          has to be there: functions, procedures and sequences, and the role that it signs in as. PostgreSQL does not know what stands in the text of \
          a function, and drops what that calls.",
    safe: "leave it until no program that counts on it can serve any more, and take it away with a later deployment; `CREATE OR REPLACE` makes another \
           one of it at once",
    example: Example::after(PRICES, "DROP FUNCTION rounded(numeric);"),
    near_miss: Example::after(
        PRICES,
        "CREATE OR REPLACE FUNCTION rounded(amount numeric) RETURNS numeric LANGUAGE sql AS 'SELECT round(amount, 1)';\n\
         CREATE FUNCTION doubled(amount numeric) RETURNS numeric LANGUAGE sql AS 'SELECT amount * 2';\nDROP FUNCTION doubled(numeric);",
    ),
    judge,
};

/// A function that is called by another one.
const PRICES: &str = "\
CREATE FUNCTION rounded(amount numeric) RETURNS numeric LANGUAGE sql AS 'SELECT round(amount, 2)';
CREATE FUNCTION round_payment() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.amount := rounded(NEW.amount); RETURN NEW; END';
CREATE TRIGGER payment_rounded BEFORE INSERT ON payment FOR EACH ROW EXECUTE FUNCTION round_payment();";

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.up(|step, change| match change {
        Change::TakeAway { name } if step.before.is_counted_on(name) && !comes_back(case, step, name) => {
            Some(format!("`{name}` is taken away while a program that may count on it serves"))
        }
        _ => None,
    })
}

/// Whether there is one of this name again before anybody sees that there was none.
fn comes_back(case: &Case<'_>, step: &Step, name: &str) -> bool {
    let later = case.up.steps.iter().skip(step.index).flat_map(|step| &step.changes);
    case.up.script.transactional && later.into_iter().any(|change| matches!(change, Change::Make { name: made } if made == name))
}
