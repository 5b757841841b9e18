//! What is seen at the gate while a deployment runs, and what is done there.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::cell::{Cell, Spot, Spots};
use crate::crew::Crew;
use crate::gate::{Arrival, Verdict};
use crate::road::{Doing, Step};
use crate::stage::{Server, Stage};
use crate::toll::Toll;
use crate::victim::Victim;

/// What was seen of a deployment so far.
pub struct Sight(Arc<(Mutex<Seen>, Condvar)>);

/// All of it.
struct Seen {
    cell: Cell,
    crew: Crew,
    victims: &'static [Victim],
    server: Option<Server>,
    old: String,
    operator: u32,
    step: Step,
    times: BTreeMap<String, usize>,
    spots: Spots,
    closed: bool,
    tolls: Vec<Toll>,
    hit: bool,
}

impl Sight {
    /// Watches the gate of `scene` from now on, and does there what belongs to `cell`.
    pub fn watch(scene: &impl Stage, cell: &Cell) -> Self {
        let seen = Seen {
            step: cell.road.first_step(),
            cell: cell.clone(),
            crew: Crew::of(scene.home()),
            victims: scene.victims(),
            server: scene.server(),
            old: scene.slot(),
            operator: 0,
            times: BTreeMap::new(),
            spots: Vec::new(),
            closed: false,
            tolls: Vec::new(),
            hit: false,
        };
        let sight = Arc::new((Mutex::new(seen), Condvar::new()));
        let shared = Arc::clone(&sight);
        scene.gate().watch(move |arrival| {
            let verdict = locked(&shared.0).see(arrival);
            shared.1.notify_all();
            verdict
        });
        Self(sight)
    }

    /// Takes note of the process that runs the deployment.
    pub fn is_operated_by(&self, pid: u32) {
        locked(&self.0.0).operator = pid;
    }

    /// Whether somebody came to `point`.
    pub fn has_seen(&self, point: &str) -> bool {
        locked(&self.0.0).times.contains_key(point)
    }

    /// Waits until the host has closed the deployment; not for longer than `patience`.
    pub fn is_closed_within(&self, patience: Duration) -> bool {
        let seen = locked(&self.0.0);
        let (seen, _) = self.0.1.wait_timeout_while(seen, patience, |seen| !seen.closed).unwrap_or_else(PoisonError::into_inner);
        seen.closed
    }

    /// What it cost, the points that somebody came to, and whether there was somebody to kill.
    pub fn take(&self) -> (Vec<Toll>, Spots, bool) {
        let mut seen = locked(&self.0.0);
        (std::mem::take(&mut seen.tolls), std::mem::take(&mut seen.spots), seen.hit)
    }
}

impl Seen {
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

    fn present(&self) -> Vec<Victim> {
        let crew = self.crew.members();
        let is_there = |victim: Victim| match victim {
            Victim::Server => self.server.as_ref().is_some_and(|server| server.locked().is_up()),
            other => crew.iter().any(|member| other.is(member, self.operator, &self.old)),
        };
        self.victims.iter().copied().filter(|victim| is_there(*victim)).collect()
    }

    /// Kills whoever it is; whether there was somebody.
    fn kill(&mut self, victim: Victim) -> bool {
        let crew = self.crew.members();
        let killed: Vec<_> = crew.iter().filter(|member| victim.is(member, self.operator, &self.old)).collect();
        let began = Instant::now();
        killed.iter().for_each(|member| member.process.kill());
        let server = self.server.as_ref().filter(|_| victim == Victim::Server).is_some_and(|server| server.kill(self.cell.alone));
        self.tolls.push(Toll { victim, began, ended: Instant::now(), deadly: true });
        !killed.is_empty() || server
    }

    fn interrupt(&self) {
        let crew = self.crew.members();
        crew.iter().filter(|member| member.process.pid == self.operator).for_each(|member| member.signal(Signal::INT));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
