//! What holds of a home at rest, seen from outside of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::crew::Role;
use crate::scene::Scene;

/// How long rest is waited for. Far longer than it may take: how long it took is judged by who waits.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Laid-out releases of each component: what serves, what served before, and what a rollback of that would return to.
const RELEASES: usize = 3;

/// Waits until all is at rest with `version` serving.
///
/// # Panics
/// When it does not come to rest.
#[track_caller]
pub fn awaited(scene: &Scene, version: &str, of: &str) {
    let begun = Instant::now();
    while let Err(why) = judge(scene, version) {
        assert!(begun.elapsed() < PATIENCE, "{of}: {why}");
        // What is waited for are other processes and files: they tell nobody.
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether all is at rest with `version` serving; the error says what is not.
pub fn judge(scene: &Scene, version: &str) -> Result<(), String> {
    let answers = scene.answers();
    if answers.iter().any(|answer| answer.as_deref() != Ok(version)) {
        return Err(format!("not {version} serves: {answers:?}"));
    }
    let slot = judge_status(scene)?;
    judge_crew(scene, &slot)?;
    judge_files(scene, &slot)
}

/// Whether nothing is left of what was cut off, once another deployment went well.
pub fn judge_clean(scene: &Scene) -> Result<(), String> {
    let incoming = names(&scene.home.path().join("store/incoming"));
    let unfinished: Vec<String> = unfinished(scene.home.path());
    if incoming.is_empty() && unfinished.is_empty() { Ok(()) } else { Err(format!("left over: {incoming:?} {unfinished:?}")) }
}

/// The slot that serves, when it is the only one and all is well.
fn judge_status(scene: &Scene) -> Result<String, String> {
    let status = scene.status();
    let slots: Vec<_> =
        status["components"].as_array().into_iter().flatten().filter_map(|component| component["slots"].as_array()).flatten().collect();
    match slots.as_slice() {
        [slot] if status["open"].is_null() && status["healthy"] == true && slot["condition"] == "running" => {
            Ok(slot["slot"].as_str().unwrap_or_default().to_owned())
        }
        _ => Err(format!("not well: {status}")),
    }
}

fn judge_crew(scene: &Scene, slot: &str) -> Result<(), String> {
    let crew = scene.crew();
    let mut roles: BTreeMap<&Role, usize> = BTreeMap::new();
    for member in &crew {
        *roles.entry(&member.role).or_default() += 1;
    }
    let of = |role: Role| roles.remove(&role);
    let wanted = [Role::Daemon, Role::Proxy, Role::Keeper("keeper".into()), Role::Keeper(slot.into()), Role::Program(slot.into())].map(of);
    match wanted {
        [Some(1), Some(1), Some(1), Some(1), Some(_)] if roles.is_empty() => Ok(()),
        _ => Err(format!("not just those run who should: {crew:#?}")),
    }
}

fn judge_files(scene: &Scene, slot: &str) -> Result<(), String> {
    let environment = scene.environment();
    let slots = names(&environment.join("slots"));
    let releases = |component: &str| names(&environment.join("releases").join(component));
    let laid_out = ["backend", "admin", "website"].map(releases);
    if slots != [slot] || laid_out.iter().any(|releases| releases.len() != RELEASES) {
        return Err(format!("not just those folders are there that should be: slots {slots:?}, releases {laid_out:?}"));
    }
    Ok(())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// What has a name that only unfinished things have.
fn unfinished(folder: &Path) -> Vec<String> {
    let is_unfinished = |name: &str| name.starts_with(".new-") || [".new", ".link", ".tmp"].iter().any(|end| name.ends_with(end));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found = Vec::new();
    for entry in entries {
        if is_unfinished(&entry.file_name().to_string_lossy()) {
            found.push(entry.path().display().to_string());
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(unfinished(&entry.path()));
        }
    }
    found
}
