//! Building and testing what a plan needs and hosts lack, on the operator's machine.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_build::{Order, Packed, Tests, Workshop, build_all, hooks, test};
use plimsoll_engine::Shipment;
use plimsoll_model::ComponentName;
use plimsoll_model::plan::{Change, Plan};

use crate::outside::Surroundings;
use crate::proposal::{Material, Proposal};
use crate::workbench::Workbench;
use crate::{Exit, OpError};

/// Runs the hook for it, builds what no host has, and tests what is asked for. Gives the releases to bring, and lets go of the
/// sources: other runs may have them from then on.
pub(super) async fn run(
    bench: &Workbench<'_>,
    material: Material,
    proposal: &Proposal,
    tests: Tests,
    surroundings: Surroundings<'_>,
) -> Result<BTreeMap<ComponentName, Shipment>, OpError> {
    let hook = surroundings.hook(hooks::Moment::BeforeBuild, None, &[]).await;
    hook.map_err(|failure| OpError::from_failure(Exit::Failed, failure))?;
    let workshop = Workshop {
        sources: &material.sources,
        project: bench.project,
        platform: &material.platform,
        cache: &bench.cache,
        redactor: &bench.redactor,
        notify: &|event| bench.told(event),
    };
    let releases = proposal.plan.lacking(&proposal.seen);
    let built = build_all(&Order { workshop: &workshop, releases: &releases }).await?;
    test::run(&workshop, &changed(&proposal.plan), tests).await?;
    Ok(built.into_iter().map(|(name, packed)| (name, shipment(packed))).collect())
}

/// The components that get another release: those that a test could judge otherwise than before.
fn changed(plan: &Plan) -> BTreeSet<ComponentName> {
    let changes = plan.changes().into_iter();
    changes.filter(|(_, change)| matches!(change, Change::Create | Change::Release)).map(|(name, _)| name).collect()
}

fn shipment(packed: Packed) -> Shipment {
    Shipment { manifest: packed.manifest, files: packed.files }
}
