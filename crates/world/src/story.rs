//! How journal records are told.

use plimsoll_model::DeploymentId;
use plimsoll_model::deployment::Event;

/// One record, in words.
pub(super) fn event(id: &DeploymentId, event: &Event) -> String {
    let tail = id.as_str().rsplit('-').next().unwrap_or_default();
    let what = match event {
        Event::Intended { at } => format!("intends {at}"),
        Event::Done { at } => format!("has done {at}"),
        Event::Failed { at, failure } => format!("failed at {at}: {failure}"),
        Event::Sealed => "is SEALED".into(),
        Event::Decided => "is DECIDED".into(),
        Event::RollingBack { failure } => format!("rolls back: {failure}"),
        Event::Undoing { at } => format!("undoes {at}"),
        Event::Undone { at } => format!("has undone {at}"),
        Event::UndoFailed { at, failure } => format!("could not undo {at}: {failure}"),
        Event::Closed { outcome } => format!("is CLOSED as {outcome}"),
    };
    format!("[{tail}] {what}")
}
