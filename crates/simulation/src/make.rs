//! From a seed to a scenario.

use plimsoll_model::plan::MaxUnavailable::{Hosts, Percent};
use plimsoll_testkit::world::{Behaviour, Moment};

use crate::random::Random;
use crate::scenario::{Act, Aim, Ask, Does, Fault, Kind, Part, Place, Rival, Scenario, Version};

/// Releases of a component, the odd ones among them.
const RELEASES: u8 = 6;

impl Scenario {
    /// The scenario of a seed: always the same one.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        // Small worlds are quick and find most; large ones come often enough.
        let largest = random.pick(&[2, 3, 3, 4, 8]);
        let hosts = random.pick(&[1, 1, 2, 2, 3, 3, 4, 5]);
        let parts: Vec<Part> = (0..1 + random.small(largest)).map(|number| part(&mut random, number, hosts)).collect();
        let count = 2 + random.index(4);
        let first = Act { does: Does::Deploy(first(&mut random, &parts)), faults: Vec::new(), rival: None, old_plan: false, settles: true };
        let later = (0..count).map(|_| act(&mut random, &parts, hosts)).collect::<Vec<_>>();
        Self { pace: random.next(), hosts, acts: [first].into_iter().chain(later).collect(), parts }
    }
}

fn part(random: &mut Random, number: u8, hosts: u8) -> Part {
    let kind = random.pick(&[Kind::BlueGreen, Kind::BlueGreen, Kind::BlueGreen, Kind::Recreate, Kind::Site]);
    let density = random.pick(&[0, 20, 60]);
    let routed = kind == Kind::Site || random.chance(75);
    // That it stays up says nothing of whether it answers: it is for what has no route.
    let ask = if routed { random.pick(&[Ask::Http, Ask::Connect]) } else { random.pick(&[Ask::Http, Ask::StaysUp]) };
    Part {
        kind,
        routed,
        ask,
        secret: kind != Kind::Site && random.chance(50),
        needs: (0..number).filter(|_| random.chance(density)).collect(),
        odd: odd(random),
        rolling: random.chance(30).then(|| random.pick(&[Hosts(1), Hosts(1), Hosts(2), Percent(34), Percent(50)])),
        place: if random.chance(35) { place(random, hosts) } else { 0 },
    }
}

/// Some of the hosts, or all of them.
fn place(random: &mut Random, hosts: u8) -> Place {
    random.small(1 << hosts)
}

/// The releases that do not simply serve.
fn odd(random: &mut Random) -> Vec<(u8, Behaviour)> {
    let mut odd = Vec::new();
    for release in 1..RELEASES {
        if random.chance(30) {
            odd.push((release, behaviour(random)));
        }
    }
    odd
}

fn behaviour(random: &mut Random) -> Behaviour {
    match random.below(6) {
        0 => Behaviour::NeverHealthy,
        1 => Behaviour::ExitsAtOnce,
        2 => Behaviour::Dies(200 + random.below(8_000)),
        3 => Behaviour::Slow(8_000),
        _ => Behaviour::Slow(random.below(4_500)),
    }
}

/// What is there at first: of each component the release that serves.
fn first(random: &mut Random, parts: &[Part]) -> Vec<Option<Version>> {
    parts.iter().map(|_| random.chance(85).then_some(Version { release: 0, config: 0, route: 0, moved: None })).collect()
}

fn act(random: &mut Random, parts: &[Part], hosts: u8) -> Act {
    let does = does(random, parts, hosts);
    let count = random.pick(&[0, 0, 1, 1, 1, 2, 2, 3, 5]);
    let faults = (0..count).map(|_| fault(random, hosts)).collect();
    // Some come while the first deploys as a rule, the others also when it has taken its time.
    let soon = random.chance(50);
    let rival = random.chance(12).then(|| Rival { after_ms: random.below(if soon { 150 } else { 3_000 }), does: self::does(random, parts, hosts) });
    Act { does, faults, rival, old_plan: random.chance(8), settles: random.chance(60) }
}

fn does(random: &mut Random, parts: &[Part], hosts: u8) -> Does {
    match random.below(20) {
        0..=12 => Does::Deploy(parts.iter().map(|_| random.chance(88).then(|| version(random, hosts))).collect()),
        13..=16 => Does::Rollback(random.small(3)),
        17 => Does::Down,
        18 => Does::Resume,
        _ => Does::Wait(random.below(20_000)),
    }
}

fn version(random: &mut Random, hosts: u8) -> Version {
    let moved = random.chance(15).then(|| place(random, hosts));
    Version { release: random.small(RELEASES), config: random.small(2), route: u8::from(random.chance(10)), moved }
}

fn fault(random: &mut Random, hosts: u8) -> Fault {
    let host = random.small(hosts);
    let moment = random.pick(&[Moment::Before, Moment::After]);
    // Most deployments are short: early numbers are met most.
    let range = random.pick(&[10, 40, 120]);
    let (record, effect, call) = (random.index(range), random.index(range), random.index(range / 2));
    let (soon_ms, long_ms) = (random.pick(&[50, 500, 8_000]), random.pick(&[20, 500, 12_000]));
    let (at_ms, ms) = (random.below(soon_ms), random.below(long_ms));
    match random.below(32) {
        0..=2 => Fault::OperatorDies { turns: u32::try_from(random.below(400)).unwrap_or(0) },
        3 => Fault::Cancelled { at_ms },
        4 => Fault::Objection,
        5..=7 => Fault::DiesAtRecord { host, record, moment },
        8 => Fault::DiesAtEffect { host, effect, moment },
        9 => Fault::Reboots { host, at_ms },
        10 => Fault::RecordFails { host, record },
        11 | 12 => Fault::EffectFails { host, effect, times: random.pick(&[1, 1, 2, 3, 4]) },
        13 => Fault::EffectHalf { host, effect },
        14 => Fault::EffectHangs { host, effect, ms, moment },
        15 => Fault::DiskFull { host, at_ms, for_ms: ms },
        16 => Fault::ClockJumps { host, at_ms, by_ms: random.pick(&[-3_600_000, -5_000, -500, 500, 5_000, 3_600_000]) },
        17 => Fault::Cut { host, at_ms, for_ms: ms },
        18 => Fault::Lost { host, call },
        19 => Fault::AnswerLost { host, call },
        20 => Fault::Delayed { host, call, ms },
        21 => Fault::AnswerDelayed { host, call, ms },
        22 => Fault::Doubled { host, call, ms },
        23 => Fault::Late { host, call, ms },
        24 => Fault::GaveUp { host, call, ms },
        25 => Fault::BrokeOff { host, call, ms },
        26 | 27 => Fault::SlotLost { host, slot: record, at_ms },
        _ => {
            let aim = random.pick(&[Aim::Open, Aim::Seal, Aim::Decide, Aim::Decide, Aim::Commit, Aim::RollBack]);
            // Only the home host is asked to decide.
            let host = if aim == Aim::Decide { 0 } else { host };
            Fault::CutAt { host, aim, late_ms: random.chance(70).then(|| random.below(6_000)), for_ms: random.below(9_000) }
        }
    }
}
