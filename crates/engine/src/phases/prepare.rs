//! Prepare: bring what hosts lack, then let them stage, start and wait, while the old release keeps serving.

use std::collections::BTreeSet;
use std::path::PathBuf;

use plimsoll_api::{HostApi, HostError, Order};
use plimsoll_model::plan::{Phase, Step};
use plimsoll_model::release::FileContent;
use plimsoll_model::{DeploymentId, Digest, HostName};

use crate::conduct::{Conduct, Note, Shipment};
use crate::persist;

/// Prepares one level on all hosts.
pub(crate) async fn run(conduct: &Conduct<'_>, id: &DeploymentId, level: u32) -> Result<(), HostError> {
    conduct.note(Note::Phase { level, phase: Phase::Prepare });
    conduct.fleet.all(|name, host| upload(conduct, name, host, level)).await.into_values().collect::<Result<(), _>>()?;
    super::each(conduct, id, level, Order::Prepare { level }).await
}

/// Brings the releases that this level stages on a host.
async fn upload(conduct: &Conduct<'_>, name: &HostName, host: &dyn HostApi, level: u32) -> Result<(), HostError> {
    let stages = |step: &Step| matches!(step, Step::StageRelease { .. });
    for work in conduct.plan.part(name).nth(level as usize).unwrap_or_default() {
        let Some(shipment) = conduct.shipments.get(&work.component) else { continue };
        if work.steps.prepare.iter().any(stages) && work.release == Some(shipment.manifest.id) {
            // After a cut the host is asked again what it lacks: what has arrived is not sent twice.
            persist::ask(conduct, name, || bring(conduct, name, host, shipment)).await?;
        }
    }
    Ok(())
}

async fn bring(conduct: &Conduct<'_>, name: &HostName, host: &dyn HostApi, shipment: &Shipment) -> Result<(), HostError> {
    let component = &shipment.manifest.component;
    let missing = host.offer(&shipment.manifest).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let (files, bytes) = pick(shipment, &missing)?;
    conduct.note(Note::Uploading { host: name.clone(), component: component.clone(), files: files.len(), bytes });
    plimsoll_crashpoint::reach!("operator: before upload for {component}");
    host.upload(files).await?;
    plimsoll_crashpoint::reach!("operator: after upload for {component}");
    confirm(host, shipment).await
}

/// The files to send, and their sizes together.
fn pick(shipment: &Shipment, missing: &[Digest]) -> Result<(Vec<(Digest, PathBuf)>, u64), HostError> {
    let missing: BTreeSet<&Digest> = missing.iter().collect();
    let mut bytes = 0;
    let mut seen = BTreeSet::new();
    for entry in &shipment.manifest.files {
        if let FileContent::File { digest, size, .. } = &entry.content
            && missing.contains(digest)
            && seen.insert(digest)
        {
            bytes += size;
        }
    }
    let file = |digest: &Digest| shipment.files.get(digest).map(|path| (*digest, path.clone()));
    let files = missing.iter().map(|digest| file(digest).ok_or_else(|| HostError::Unfit(format!("nobody has the file {digest}"))));
    Ok((files.collect::<Result<_, _>>()?, bytes))
}

async fn confirm(host: &dyn HostApi, shipment: &Shipment) -> Result<(), HostError> {
    match host.offer(&shipment.manifest).await?.first() {
        None => Ok(()),
        Some(digest) => Err(HostError::Unfit(format!("the file {digest} of {} did not arrive", shipment.manifest.component))),
    }
}
