//! One cell of the matrix: a deployment during which one process is killed at one point, and what becomes of it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use plimsoll_testkit::fixtures::Ran;
use rustix::process::Signal;

use crate::attempt::{Attempt, Outcome};
use crate::crew::Role;
use crate::gate::{Arrival, Verdict};
use crate::operator::Operator;
use crate::rest;
use crate::road::{Doing, Road, Step};
use crate::scene::Scene;
use crate::toll::Toll;
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

/// What is seen at the gate while a deployment runs.
struct Sight {
    cell: Cell,
    home: PathBuf,
    old: String,
    operator: u32,
    step: Step,
    times: BTreeMap<String, usize>,
    spots: Spots,
    closed: bool,
    tolls: Vec<Toll>,
    hit: bool,
}

/// Runs a cell in `scene`, and another deployment after it, which has to go well.
///
/// # Panics
/// When anything does not hold that should.
pub fn run(scene: &mut Scene, cell: &Cell) -> (Outcome, Spots) {
    let of = cell.to_string();
    let attempt = Attempt::new(scene);
    let sight = watch(scene, cell);
    let operator = Operator::start(scene.command("deploy"), |pid| locked(&sight.0).operator = pid);
    let ended = operator.ended(&of);
    settle(scene, cell, ended.as_ref(), &sight);
    let (tolls, spots, hit) = locked(&sight.0).take();
    let outcome = attempt.finish(scene, ended.as_ref(), &tolls, &of);
    (Outcome { hit, ..outcome }, spots)
}

fn watch(scene: &Scene, cell: &Cell) -> Arc<(Mutex<Sight>, Condvar)> {
    let sight = Sight {
        step: cell.road.first_step(),
        cell: cell.clone(),
        home: scene.home.path().to_owned(),
        old: scene.slot(),
        operator: 0,
        times: BTreeMap::new(),
        spots: Vec::new(),
        closed: false,
        tolls: Vec::new(),
        hit: false,
    };
    let sight = Arc::new((Mutex::new(sight), Condvar::new()));
    let shared = Arc::clone(&sight);
    scene.gate.watch(move |arrival| {
        let verdict = locked(&shared.0).see(arrival);
        shared.1.notify_all();
        verdict
    });
    sight
}

impl Sight {
    fn see(&mut self, arrival: &Arrival) -> Verdict {
        let time = self.times.entry(arrival.point.clone()).or_default();
        *time += 1;
        let spot = Spot { point: arrival.point.clone(), time: *time };
        self.closed |= spot.point.starts_with("host: after closed");
        if self.cell.spot.as_ref() == Some(&spot) && !self.hit {
            self.hit = self.kill(self.cell.victim);
            self.step = Step::Over;
            return Verdict::AllGo;
        }
        if self.cell.spot.is_none() {
            let present = self.present();
            self.spots.push((spot, present));
        }
        let (doing, step, verdict) = self.cell.road.step(self.step, &arrival.point);
        match doing {
            Doing::Nothing => {}
            Doing::Interrupt => self.interrupt(),
            Doing::Kill(victim) => drop(self.kill(victim)),
        }
        self.step = step;
        verdict
    }

    fn take(&mut self) -> (Vec<Toll>, Spots, bool) {
        (std::mem::take(&mut self.tolls), std::mem::take(&mut self.spots), self.hit)
    }

    fn present(&self) -> Vec<Victim> {
        let crew = crate::crew::of_home(&self.home);
        Victim::ALL.into_iter().filter(|victim| crew.iter().any(|member| victim.is(member, self.operator, &self.old))).collect()
    }

    /// Kills whoever it is; whether there was somebody.
    fn kill(&mut self, victim: Victim) -> bool {
        let crew = crate::crew::of_home(&self.home);
        let killed: Vec<_> = crew.iter().filter(|member| victim.is(member, self.operator, &self.old)).collect();
        let began = Instant::now();
        killed.iter().for_each(|member| member.process.kill());
        self.tolls.push(Toll { victim, began, ended: Instant::now(), deadly: true });
        !killed.is_empty()
    }

    fn interrupt(&self) {
        let crew = crate::crew::of_home(&self.home);
        crew.iter().filter(|member| member.process.pid == self.operator).for_each(|member| member.signal(Signal::INT));
    }
}

/// Brings a deployment to its end that has none yet.
fn settle(scene: &Scene, cell: &Cell, ended: Option<&Ran>, sight: &(Mutex<Sight>, Condvar)) {
    if ended.is_some_and(|ended| matches!(ended.code, Some(0 | 1))) {
        return;
    }
    // In user mode there is no daemon after its death until a command needs one.
    let at_work = scene.crew().iter().any(|member| member.role == Role::Daemon);
    let opened = locked(&sight.0).times.contains_key("host: after opened");
    if cell.alone && ended.is_none() && opened && at_work {
        let (seen, late) = sight.1.wait_timeout_while(locked(&sight.0), rest::PATIENCE, |seen| !seen.closed).unwrap_or_else(PoisonError::into_inner);
        drop(seen);
        assert!(!late.timed_out(), "{cell}: the host does not settle it alone");
    } else {
        let _ = scene.run("resume").ended(0);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
