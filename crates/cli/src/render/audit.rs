//! What is on record of who did what.

use owo_colors::OwoColorize;
use plimsoll_model::audit::{Ending, Entry};
use plimsoll_ops::audit_list::EntryView;
use plimsoll_ops::audit_verify::Output;

use super::measure::{count, moment};
use super::table::table;

/// A table of entries.
pub fn entries(entries: &[EntryView]) -> String {
    if entries.is_empty() {
        return "nothing is on record\n".into();
    }
    let head = ["row", "when", "who", "what", "outcome", "environment", "deployment", "about"].map(|title| title.dimmed().to_string());
    let rows: Vec<_> = std::iter::once(head).chain(entries.iter().map(row)).collect();
    table(&rows)
}

/// A log that is whole, and what to note of it.
pub fn whole(log: &Output) -> String {
    let rows = count(usize::try_from(log.rows).unwrap_or(usize::MAX), "row");
    let head = if log.rows == 0 { String::new() } else { format!("\nthe last one, to be noted elsewhere: {}", log.head) };
    format!("{} the audit log is whole: {rows}{head}\n", "ok".green())
}

fn row(view: &EntryView) -> [String; 8] {
    let Some(Entry { at, deed }) = &view.entry else {
        let damaged = "damaged: see plimsoll audit verify".red().to_string();
        let mut row = <[String; 8]>::default();
        (row[0], row[7]) = (view.seq.to_string(), damaged);
        return row;
    };
    let said = [deed.reason.clone(), deed.failure.as_ref().map(ToString::to_string), deed.note.clone()];
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        view.seq.to_string(),
        moment(*at),
        deed.actor.to_string(),
        deed.action.to_string(),
        outcome(deed.outcome),
        text(deed.environment.as_ref().map(ToString::to_string)),
        text(deed.deployment.as_ref().map(ToString::to_string)),
        said.into_iter().flatten().collect::<Vec<_>>().join("; "),
    ]
}

fn outcome(outcome: Ending) -> String {
    match outcome {
        Ending::Committed | Ending::Done => outcome.green().to_string(),
        Ending::RolledBack => outcome.yellow().to_string(),
        Ending::Refused | Ending::Failed => outcome.red().to_string(),
        Ending::Begun => outcome.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::Digest;
    use plimsoll_model::audit::{Action, Actor, Deed, Mark};
    use plimsoll_model::deployment::Failure;
    use plimsoll_model::time::Moment;

    use super::super::plain;
    use super::*;

    #[test]
    fn entries_are_a_table() {
        let actor = Actor { user: "ada".into(), machine: "desk".into(), surface: "cli".into() };
        let refused = Deed::new(actor.clone(), Action::Deploy, Ending::Refused).because(&Failure::new("plan-stale", "the plan is stale"));
        let refused = Deed { environment: serde_json::from_str(r#"{"project":"shop","environment":"dev"}"#).ok(), ..refused };
        let refused = Deed { deployment: "d-1".parse().ok(), reason: Some("new prices".into()), ..refused };
        let view = |seq: u64, entry: Option<Entry>| EntryView { seq, hash: Digest::ZERO, entry };
        let told = [view(12, Some(Entry { at: Moment(1_768_660_200_007), deed: refused })), view(11, None)];
        insta::assert_snapshot!(plain(&entries(&told)), @r#"
        row  when                     who             what    outcome  environment  deployment  about
        12   2026-01-17 14:30:00 UTC  ada@desk (cli)  deploy  refused  shop/dev     d-1         new prices; the plan is stale
        11                                                                                      damaged: see plimsoll audit verify
        "#);
        assert_eq!(entries(&[]), "nothing is on record\n");
    }

    #[test]
    fn a_whole_log_is_told_with_its_head() {
        let mark = |seq: u64| Mark { seq, hash: Digest::ZERO };
        let check = |rows: u64, expect: &str| assert_eq!(plain(&whole(&Output { rows, anchor: mark(0), head: mark(rows) })), expect);
        check(0, "ok the audit log is whole: 0 rows\n");
        check(2, &format!("ok the audit log is whole: 2 rows\nthe last one, to be noted elsewhere: 2:{}\n", "0".repeat(64)));
    }
}
