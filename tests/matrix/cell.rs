//! One cell of the matrix: a deployment during which one process is killed at one point, and what becomes of it.

use std::fmt;

use plimsoll_testkit::fixtures::Ran;

use crate::attempt::Outcome;
use crate::crew::{Crew, Role};
use crate::operator::Operator;
use crate::rest;
use crate::road::Road;
use crate::sight::Sight;
use crate::stage::{Server, Stage};
use crate::victim::Victim;

/// One time at which a process comes to a point, counted from 1 within a deployment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The point.
    pub point: String,
    /// Which time.
    pub time: usize,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// How the deployment goes until then.
    pub road: Road,
    /// When somebody is killed; nobody is without it.
    pub spot: Option<Spot>,
    /// Who.
    pub victim: Victim,
    /// Whether an operator's death is left to the lease, rather than to the next command.
    pub alone: bool,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.spot {
            Some(Spot { point, time }) => write!(f, "{}, {} killed at `{point}` (time {time})", self.road, self.victim),
            None => write!(f, "{}, nobody killed", self.road),
        }
    }
}

/// Points that processes came to, in their order, with those who could have been killed there.
pub type Spots = Vec<(Spot, Vec<Victim>)>;

/// Runs a cell in `scene`, and another deployment after it, which has to go well.
///
/// # Panics
/// When anything does not hold that should.
pub fn run(scene: &mut impl Stage, cell: &Cell) -> (Outcome, Spots) {
    let of = cell.to_string();
    let attempt = scene.begin();
    let sight = Sight::watch(scene, cell);
    let operator = Operator::start(scene.command("deploy"), |pid| sight.is_operated_by(pid));
    let ended = operator.ended(&of);
    scene.server().inspect(Server::up);
    settle(scene, cell, ended.as_ref(), &sight);
    let (tolls, spots, hit) = sight.take();
    let outcome = scene.finish(attempt, ended.as_ref(), &tolls, &of);
    (Outcome { hit, ..outcome }, spots)
}

/// Brings a deployment to its end that has none yet.
fn settle(scene: &impl Stage, cell: &Cell, ended: Option<&Ran>, sight: &Sight) {
    if ended.is_some_and(|ended| matches!(ended.code, Some(0 | 1))) {
        return;
    }
    // In user mode there is no daemon after its death until a command needs one.
    let at_work = Crew::of(scene.home()).members().iter().any(|member| member.role == Role::Daemon);
    if cell.alone && ended.is_none() && sight.has_seen("host: after opened") && at_work {
        assert!(sight.is_closed_within(rest::PATIENCE), "{cell}: the host does not settle it alone");
    } else {
        let ended = Operator::start(scene.command("resume"), |_| {}).ended(&cell.to_string());
        assert_eq!(ended.as_ref().and_then(|ended| ended.code), Some(0), "{cell}: {ended:?}");
    }
}
