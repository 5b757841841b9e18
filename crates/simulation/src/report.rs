//! Whether what was told is what happened.

use plimsoll_engine::Ended;
use plimsoll_engine::recover::Settled;
use plimsoll_model::DeploymentId;
use plimsoll_model::deployment::{Outcome, Stage as Progress};
use plimsoll_testkit::world::Invariant;

use crate::operator::Told;
use crate::stage::Stage;

/// Judges what a command told, at the moment when it did.
pub(crate) fn judge(stage: &Stage, who: &str, told: &Told, disturbed: bool) {
    let text = match told {
        Told::Ended(ended) => format!("is told: {}{}", ended.outcome, ended.failure.as_ref().map(|why| format!(", as {why}")).unwrap_or_default()),
        Told::Refused(why) => format!("is refused: {why}"),
        Told::Nothing => "has nothing to carry out".into(),
    };
    stage.chronicle.tell(who, || text);
    stage.chronicle.count(match told {
        Told::Ended(Ended { outcome: Outcome::Committed, .. }) => "told committed",
        Told::Ended(Ended { outcome: Outcome::RolledBack, .. }) => "told rolled back",
        Told::Ended(Ended { outcome: Outcome::Unchanged, .. }) => "told unchanged",
        Told::Ended(Ended { outcome: Outcome::Undecided, .. }) => "told undecided",
        Told::Refused(_) => "told refused",
        Told::Nothing => "told nothing",
    });
    let Told::Ended(Ended { id: Some(id), outcome, failure, .. }) = told else { return };
    ended(stage, id, *outcome, disturbed);
    if failure.as_ref().is_some_and(|failure| failure.code == "secret-gone") {
        stage.chronicle.violated(Invariant::Progress, format!("values that {id} needs were deleted"));
    }
}

/// Judges what settling told.
pub(crate) fn settled(stage: &Stage, settled: &Settled) {
    ended(stage, &settled.id, settled.outcome, true);
}

fn ended(stage: &Stage, id: &DeploymentId, outcome: Outcome, disturbed: bool) {
    let decided = is_decided(stage, id);
    let violated = |what: String| stage.chronicle.violated(Invariant::Report, format!("{id} was told as {outcome}, and {what}"));
    match outcome {
        Outcome::Committed if !decided => violated("was never decided".into()),
        Outcome::RolledBack if decided => violated("is decided".into()),
        Outcome::RolledBack => {
            let back = Progress::Closed { outcome: Outcome::RolledBack };
            let stages = stage.chronicle.protocol(|protocol| protocol.stages(id));
            stages.iter().filter(|(_, at)| **at != back).for_each(|(host, at)| violated(format!("is {at} on {host}")));
        }
        Outcome::Undecided if !disturbed => violated("nothing had gone wrong".into()),
        Outcome::Unchanged => violated("it had begun".into()),
        Outcome::Committed | Outcome::Undecided => {}
    }
}

fn is_decided(stage: &Stage, id: &DeploymentId) -> bool {
    stage.chronicle.protocol(|protocol| protocol.decided().contains(id))
}
