//! Which build of Plimsoll a process runs. The process itself tells: its file may have been replaced or deleted since it started.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;

use plimsoll_api::{Program, build_id};
use plimsoll_keeper::procfs;

use crate::Host;
use crate::trouble::Trouble;

/// The proxy, while it runs.
pub(crate) async fn proxy(host: &Host) -> Result<Option<Program>, Trouble> {
    let versions = versions(host).await?;
    Ok(host.world.router.pid().await.map(|pid| program(pid, &versions)))
}

/// The keepers of the proxy and of slots.
pub(crate) async fn keepers(host: &Host) -> Result<Vec<Program>, Trouble> {
    let versions = versions(host).await?;
    let mut pids = host.world.supervisor.keepers().await;
    pids.extend(host.world.router.keeper().await);
    Ok(pids.into_iter().map(|pid| program(pid, &versions)).collect())
}

/// The keeper of a program: the process that started it.
pub(crate) fn keeper_of(program: u32) -> Option<u32> {
    u32::try_from(procfs::one(i32::try_from(program).ok()?)?.parent).ok()
}

/// What a daemon has started is of the build that the daemon was of, so the builds that served here tell the version of each.
async fn versions(host: &Host) -> Result<BTreeMap<String, String>, Trouble> {
    let builds = host.world.ledger.builds().await?;
    Ok(builds.into_iter().map(|known| (known.build, known.version)).collect())
}

fn program(pid: u32, versions: &BTreeMap<String, String>) -> Program {
    let file = std::fs::metadata(format!("/proc/{pid}/exe")).ok();
    let build = file.map(|file| build_id(file.len(), (file.mtime(), file.mtime_nsec())));
    Program { pid, version: build.as_ref().and_then(|build| versions.get(build)).cloned(), build }
}
