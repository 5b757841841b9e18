//! Laying out the faults of an act where they will happen.

use std::time::Duration;

use plimsoll_testkit::world::{EffectFault, RecordFault};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::link::{Link, Trip};
use crate::scenario::Fault;
use crate::stage::Stage;

/// Faults that happen at some time; forgotten when this is dropped.
pub(crate) struct Armed(#[expect(dead_code, reason = "what it holds ends with it")] JoinSet<()>);

/// Lays out the faults. What is `cancel`led is the deployment of the act's operator.
pub(crate) fn arm(stage: &Stage, faults: &[Fault], cancel: &CancellationToken) -> Armed {
    let mut timed = JoinSet::new();
    for fault in faults {
        match fault.host().map(|host| stage.link(host)) {
            Some(link) => on_host(link, *fault, &mut timed),
            None => on_operator(stage, *fault, cancel, &mut timed),
        }
    }
    Armed(timed)
}

fn on_operator(stage: &Stage, fault: Fault, cancel: &CancellationToken, timed: &mut JoinSet<()>) {
    if let Fault::Cancelled { at_ms } = fault {
        let (cancel, chronicle) = (cancel.clone(), stage.chronicle.clone());
        timed.spawn(async move {
            tokio::time::sleep(Duration::from_millis(at_ms)).await;
            chronicle.count("operator cancels");
            chronicle.tell("operator", || "cancels".into());
            cancel.cancel();
        });
    }
}

fn on_host(link: &Link, fault: Fault, timed: &mut JoinSet<()>) {
    let machine = link.host.machine();
    match fault {
        Fault::DiesAtRecord { record, moment, .. } => machine.spoil_record(record, RecordFault::Dies(moment)),
        Fault::RecordFails { record, .. } => machine.spoil_record(record, RecordFault::Fails),
        Fault::DiesAtEffect { effect, moment, .. } => machine.spoil_effect(effect, EffectFault::Dies(moment)),
        Fault::EffectFails { effect, times, .. } => machine.spoil_effect(effect, EffectFault::Fails(times)),
        Fault::EffectHalf { effect, .. } => machine.spoil_effect(effect, EffectFault::Half),
        Fault::EffectHangs { effect, ms, moment, .. } => machine.spoil_effect(effect, EffectFault::Hangs(ms, moment)),
        Fault::CutAt { aim, late_ms, for_ms, .. } => link.cut_at(aim, late_ms, for_ms),
        Fault::Lost { call, .. } => link.spoil(call, Trip::Lost),
        Fault::AnswerLost { call, .. } => link.spoil(call, Trip::AnswerLost),
        Fault::Delayed { call, ms, .. } => link.spoil(call, Trip::Delayed(ms)),
        Fault::AnswerDelayed { call, ms, .. } => link.spoil(call, Trip::AnswerDelayed(ms)),
        Fault::Doubled { call, ms, .. } => link.spoil(call, Trip::Doubled(ms)),
        Fault::Late { call, ms, .. } => link.spoil(call, Trip::Late(ms)),
        Fault::GaveUp { call, ms, .. } => link.spoil(call, Trip::GaveUp(ms)),
        Fault::BrokeOff { call, ms, .. } => link.spoil(call, Trip::BrokeOff(ms)),
        Fault::Reboots { at_ms, .. }
        | Fault::SlotLost { at_ms, .. }
        | Fault::DiskFull { at_ms, .. }
        | Fault::ClockJumps { at_ms, .. }
        | Fault::Cut { at_ms, .. } => {
            let link = link.clone();
            timed.spawn(async move {
                tokio::time::sleep(Duration::from_millis(at_ms)).await;
                happen(&link, fault).await;
            });
        }
        Fault::OperatorDies { .. } | Fault::Cancelled { .. } | Fault::Objection => {}
    }
}

/// What happens to a machine at some time.
async fn happen(link: &Link, fault: Fault) {
    let machine = link.host.machine();
    let kind = match fault {
        Fault::Reboots { .. } => {
            link.host.kill().await;
            machine.reboot();
            "machine reboots"
        }
        Fault::SlotLost { slot, .. } => {
            machine.lose(slot);
            "slot lost"
        }
        Fault::DiskFull { for_ms, .. } => {
            machine.fill_disk(for_ms);
            "disk is full"
        }
        Fault::ClockJumps { by_ms, .. } => {
            machine.jump(by_ms);
            "clock jumps"
        }
        Fault::Cut { for_ms, .. } => {
            link.cut(for_ms);
            "connection is cut"
        }
        _ => return,
    };
    machine.chronicle().count(kind);
    machine.chronicle().tell(machine.name(), || format!("({kind})"));
}
