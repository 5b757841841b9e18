//! Rounds of chance: anyone gets any signal at any time.

use std::fmt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::attempt::{Attempt, Outcome};
use crate::crew::Member;
use crate::operator::Operator;
use crate::scene::Scene;
use crate::stage::Stage;
use crate::toll::Toll;
use crate::victim::Victim;

/// The latest that anything is done to anybody, in milliseconds since the deployment began: about as long as one takes.
const LATEST_MS: u64 = 700;

/// The longest that somebody is stopped, in milliseconds: longer than the lease.
const LONGEST_STOP_MS: u64 = 1_500;

/// A round, made from its seed and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    seed: u64,
    blows: Vec<Blow>,
}

/// Something that is done to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Blow {
    /// Since the blow before, or the begin of the deployment.
    after: Duration,
    victim: Victim,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Kill,
    Terminate,
    /// Stopped, and continued after this time.
    Stop(Duration),
}

impl Round {
    /// The round of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let count = 1 + dice.below(2);
        let blows = (0..count).map(|_| {
            let kind = match dice.below(3) {
                0 => Kind::Kill,
                1 => Kind::Terminate,
                _ => Kind::Stop(Duration::from_millis(50 + dice.below(LONGEST_STOP_MS - 50))),
            };
            let victim = Victim::ALL[dice.below(5) as usize];
            Blow { after: Duration::from_micros(dice.below(LATEST_MS * 1000 / count)), victim, kind }
        });
        Self { seed, blows: blows.collect() }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}:", self.seed)?;
        self.blows.iter().try_for_each(|blow| write!(f, " after {} ms {} {:?};", blow.after.as_millis(), blow.victim, blow.kind))
    }
}

/// Plays a round in `scene`, and another deployment after it, which has to go well.
///
/// # Panics
/// When anything does not hold that should.
pub fn play(scene: &mut Scene, round: &Round) -> Outcome {
    let of = round.to_string();
    let (attempt, old) = (Attempt::new(scene), scene.slot());
    let mut pid = 0;
    let operator = Operator::start(scene.command("deploy"), |id| pid = id);
    let mut tolls = Vec::new();
    for blow in &round.blows {
        std::thread::sleep(blow.after);
        let crew = scene.crew();
        let hit: Vec<_> = crew.iter().filter(|member| blow.victim.is(member, pid, &old)).collect();
        tolls.extend(strike(*blow, &hit));
    }
    let ended = operator.ended(&of);
    let _ = scene.run("resume").ended(0);
    attempt.finish(scene, ended.as_ref(), &tolls, &of)
}

/// Does it to them; what it may cost, when there was somebody.
fn strike(blow: Blow, hit: &[&Member]) -> Option<Toll> {
    let began = Instant::now();
    let each = |signal| hit.iter().for_each(|member| member.signal(signal));
    match blow.kind {
        Kind::Kill => hit.iter().for_each(|member| member.process.kill()),
        Kind::Terminate => {
            each(Signal::TERM);
            hit.iter().for_each(|member| member.gone());
        }
        Kind::Stop(time) => {
            each(Signal::STOP);
            std::thread::sleep(time);
            each(Signal::CONT);
        }
    }
    (!hit.is_empty()).then(|| Toll { victim: blow.victim, began, ended: Instant::now(), deadly: !matches!(blow.kind, Kind::Stop(_)) })
}

/// Numbers that look like chance and are not: the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}
