//! One visit to a server: what the operator's side asks the program that it brought there to do.
//!
//! A visit looks, opens (all that locks nobody out), and closes. Closing is undone by a timer of the server's own unless somebody comes back by
//! a new login and says that it may be kept: so nobody is locked out, also when the connection is cut at the wrong moment.

use plimsoll_model::deployment::Failure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::book::HowFar;
use crate::carry_out::{Told, carry_out, undo};
use crate::deed::Command;
use crate::machine::Machine;
use crate::measures::{Judged, NAMES, Stage, Verdict, judge};
use crate::{Facts, PROGRAM, Wishes};

/// The timer that undoes what was closed.
const TIMER: &str = "plimsoll-back";

/// How long somebody may take to come back, in seconds.
const PATIENCE: u32 = 120;

/// What is done in a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visit {
    /// Tells what every measure says. Nothing is changed.
    Look,
    /// Does what locks nobody out.
    Open,
    /// Does the rest, for as long as the timer runs.
    Close,
    /// Keeps what was closed.
    Keep,
    /// Takes back what was closed.
    Back,
    /// Undoes everything that was ever done, but for what was installed. What deploys left behind is ended by then.
    Undo,
}

/// What a measure says, without how it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seen {
    /// Its name.
    pub measure: String,
    /// When it is taken.
    pub stage: Stage,
    /// `fine`, `spared`, `do` or `barred`.
    pub state: String,
    /// What is to be done, or why nothing is.
    pub what: Option<String>,
    /// What to do where it is barred.
    pub help: Option<String>,
}

/// A line that a visit writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// What a measure says.
    Seen(Seen),
    /// How it went.
    Told(Told),
}

/// Makes a visit. `sudoer` is the login that sets up, where it is not root.
///
/// # Errors
/// `wishes-unfit`, `measure-barred`, `measure-failed` or `book-unusable`.
pub fn visit(machine: &mut impl Machine, visit: Visit, wishes: &Wishes, sudoer: Option<String>, mut say: impl FnMut(Line)) -> Result<(), Failure> {
    match visit {
        Visit::Look => look(machine, wishes, sudoer)?.iter().for_each(|judged| say(Line::Seen(Seen::from(judged)))),
        Visit::Open => act(machine, Stage::Open, wishes, sudoer, say)?,
        Visit::Close => {
            disarm(machine);
            arm(machine)?;
            act(machine, Stage::Closing, wishes, sudoer, say)?;
        }
        Visit::Keep => disarm(machine),
        Visit::Back => {
            undo(machine, &closing(), HowFar::LastRun).map_err(failed)?;
            disarm(machine);
        }
        Visit::Undo => {
            disarm(machine);
            undo(machine, &NAMES, HowFar::AllTheWay).map_err(failed)?;
            machine.remove(PROGRAM).map_err(|error| failed(format!("{PROGRAM} cannot be deleted: {error}")))?;
        }
    }
    Ok(())
}

fn look(machine: &mut impl Machine, wishes: &Wishes, sudoer: Option<String>) -> Result<Vec<Judged>, Failure> {
    wishes.judge().map_err(|error| Failure::new("wishes-unfit", error.to_string()))?;
    let facts = Facts::gather(machine, wishes, sudoer).map_err(failed)?;
    Ok(judge(&facts, wishes))
}

fn act(machine: &mut impl Machine, stage: Stage, wishes: &Wishes, sudoer: Option<String>, mut say: impl FnMut(Line)) -> Result<(), Failure> {
    let all = look(machine, wishes, sudoer)?;
    let barred = all.iter().find_map(|judged| if let Verdict::Barred { why, help } = &judged.verdict { Some((why, help)) } else { None });
    if let Some((why, help)) = barred {
        return Err(Failure::new("measure-barred", why.clone()).with_help(help.clone()));
    }
    let now: Vec<Judged> = all.into_iter().filter(|judged| judged.stage == stage).collect();
    carry_out(machine, &now, |told| say(Line::Told(told))).map_err(failed)
}

fn arm(machine: &mut impl Machine) -> Result<(), Failure> {
    let line = format!("systemd-run --quiet --collect --unit={TIMER} --on-active={PATIENCE} {PROGRAM} host visit back");
    let ran = machine.run(&Command::new(&line));
    if ran.well { Ok(()) } else { Err(failed(format!("there is no timer to be had, and without one nothing is closed: {}", ran.errors.trim()))) }
}

fn disarm(machine: &mut impl Machine) {
    // Where no timer runs there is none to be stopped.
    machine.run(&Command::new(&format!("systemctl stop {TIMER}.timer")));
}

fn closing() -> Vec<&'static str> {
    vec!["firewall", "sshd"]
}

fn failed(why: String) -> Failure {
    Failure::new("measure-failed", why).with_help("see to that on the server, then run the command again: what is done already stays")
}

impl From<&Judged> for Seen {
    fn from(judged: &Judged) -> Self {
        let (state, what, help) = match &judged.verdict {
            Verdict::Fine => ("fine", None, None),
            Verdict::Spared { why } => ("spared", Some(why), None),
            Verdict::Do { what, .. } => ("do", Some(what), None),
            Verdict::Barred { why, help } => ("barred", Some(why), Some(help)),
        };
        Self { measure: judged.measure.clone(), stage: judged.stage, state: state.into(), what: what.cloned(), help: help.cloned() }
    }
}
