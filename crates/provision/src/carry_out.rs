//! Doing what is missing, and undoing what was done.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::book::{Book, HowFar, Undo};
use crate::deed::{Deed, Owner};
use crate::machine::Machine;
use crate::measures::Judged;
use crate::{PROGRAM, Verdict};

/// How a measure went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// Its name.
    pub measure: String,
    /// What was done, in words.
    pub what: String,
    /// Why it went wrong; none when it went well.
    pub trouble: Option<String>,
}

/// Does the deeds of `judged`, one after another, and tells of each measure when it is over. Stops at the first that fails; what that
/// one had done is undone.
///
/// # Errors
/// Why it stopped, in words.
pub fn carry_out(machine: &mut impl Machine, judged: &[Judged], mut tell: impl FnMut(Told)) -> Result<(), String> {
    let mut book = Book::read(machine)?;
    book.begin();
    for Judged { measure, verdict, .. } in judged {
        let Verdict::Do { what, deeds } = verdict else { continue };
        let done = deeds.iter().try_for_each(|deed| act(machine, &mut book, measure, deed));
        tell(Told { measure: measure.clone(), what: what.clone(), trouble: done.clone().err() });
        if let Err(why) = done {
            return Err(match undo(machine, &[measure], HowFar::LastRun) {
                Ok(()) => why,
                Err(more) => format!("{why}; and undoing it: {more}"),
            });
        }
    }
    Ok(())
}

/// Undoes what was done for `measures`, the newest first, as far as it can be undone.
///
/// # Errors
/// What cannot be undone, in words. The rest is undone all the same, and this can be called again.
pub fn undo(machine: &mut impl Machine, measures: &[&str], how_far: HowFar) -> Result<(), String> {
    let mut book = Book::read(machine)?;
    let mut troubles = Vec::new();
    for entry in book.of(measures, how_far) {
        match take_back(machine, &entry.undo) {
            Ok(()) => book.forget(machine, &entry)?,
            Err(why) => troubles.push(why),
        }
    }
    if troubles.is_empty() { Ok(()) } else { Err(troubles.join("; ")) }
}

fn act(machine: &mut impl Machine, book: &mut Book, measure: &str, deed: &Deed) -> Result<(), String> {
    if let Some(undo) = undoing(machine, deed)? {
        book.note(machine, measure, undo)?;
    }
    match deed {
        Deed::File { path, content, mode, owner } => {
            machine.write(path, content.as_bytes(), *mode, owner).map_err(|error| format!("{path} cannot be written: {error}"))
        }
        Deed::Program => install(machine),
        Deed::Run { command, .. } => run(machine, command),
    }
}

fn undoing(machine: &impl Machine, deed: &Deed) -> Result<Option<Undo>, String> {
    let file = |path: &str, owner: &Owner| {
        let former = machine.read(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
        Ok(Some(match former {
            Some(content) => Undo::Restore { path: path.into(), content, mode: machine.mode(path).unwrap_or(0o600), owner: owner.clone() },
            None => Undo::Remove { path: path.into() },
        }))
    };
    match deed {
        Deed::File { path, owner, .. } => file(path, owner),
        // The program of before stays beside the new one; its bytes are not kept twice.
        Deed::Program => Ok(None),
        Deed::Run { undo, .. } => Ok(undo.clone().map(|command| Undo::Run { command })),
    }
}

/// The one of before stays as `plimsoll.previous`.
fn install(machine: &mut impl Machine) -> Result<(), String> {
    let told = |error: std::io::Error| format!("{PROGRAM} cannot be replaced: {error}");
    let new = machine.own_program().map_err(told)?;
    if let Some(former) = machine.read(PROGRAM).map_err(told)?.filter(|former| *former != new) {
        machine.write(&format!("{PROGRAM}.previous"), &former, 0o755, &Owner::Root).map_err(told)?;
    }
    machine.install(PROGRAM, &new).map_err(told)
}

fn take_back(machine: &mut impl Machine, undo: &Undo) -> Result<(), String> {
    let told = |path: &str| {
        let path = path.to_owned();
        move |error: std::io::Error| format!("{path} cannot be put back: {error}")
    };
    match undo {
        Undo::Restore { path, content, mode, owner } => machine.write(path, content, *mode, owner).map_err(told(path)),
        Undo::Remove { path } => machine.remove(path).map_err(told(path)),
        Undo::Run { command } => run(machine, command),
    }
}

fn run(machine: &mut impl Machine, command: &crate::Command) -> Result<(), String> {
    let ran = machine.run(command);
    let said = [&ran.errors, &ran.output].into_iter().flat_map(|text| text.lines().rev()).map(str::trim).find(|line| !line.is_empty());
    if ran.well { Ok(()) } else { Err(format!("`{command}` failed: {}", said.unwrap_or("it says nothing"))) }
}

#[cfg(test)]
mod tests;
