//! Building: from the sources of components to their releases, each at most once.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::manifest::project::{Component, Project};
use plimsoll_model::{ComponentName, ReleaseId};

use crate::blocking::blocking;
use crate::inventory::{self, Inventory};
use crate::lock::Lock;
use crate::schedule::side_by_side;
use crate::workshop::Workshop;
use crate::{BuildError, BuildEvent, Packed, Task, gather, name, store};

/// What is to be built, and all that is needed for it.
pub struct Order<'a> {
    /// Where it is built.
    pub workshop: &'a Workshop<'a>,
    /// The components to build, each with the name that its release was given in the plan.
    pub releases: &'a BTreeMap<ComponentName, ReleaseId>,
}

/// Builds what `order` asks for and is not in its cache. Components in different folders build side by side; those with the
/// same folder and command are built by one run of it. Dropping the future kills all that is running.
///
/// # Errors
/// The first failure, which also ends all other builds: a command fails, an output is missing or cannot be in a release,
/// or the sources are not those that a release is named after.
pub async fn build_all(order: &Order<'_>) -> Result<BTreeMap<ComponentName, Packed>, BuildError> {
    let _one_at_a_time = Lock::take(&order.workshop.cache.build_lock(), "the build", order.workshop.notify).await?;
    let mut releases = order.cached().await;
    let missing: BTreeSet<&ComponentName> = order.releases.keys().filter(|name| !releases.contains_key(*name)).collect();
    let inventories = inventory::take(order.workshop.sources, order.workshop.project, missing).await?;
    for (name, files) in &inventories {
        order.check_named(name, files)?;
    }
    let runs =
        runs(order.workshop.project, &inventories).into_iter().map(|run| (run.component.path.clone(), order.build(run, &inventories))).collect();
    let built = side_by_side(runs).await?;
    releases.extend(built.into_iter().flatten());
    Ok(releases)
}

/// One run of a build command, for all components that share it.
struct Run<'a> {
    component: &'a Component,
    members: Vec<&'a ComponentName>,
}

/// Groups components by folder and command. Without a command there is nothing to share.
fn runs<'a>(project: &'a Project, inventories: &'a BTreeMap<ComponentName, Inventory>) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    for name in inventories.keys() {
        let component = &project.components[name];
        let same = |run: &&mut Run<'_>| component.build.is_some() && recipe(run.component) == recipe(component);
        match runs.iter_mut().find(same) {
            Some(run) => run.members.push(name),
            None => runs.push(Run { component, members: vec![name] }),
        }
    }
    runs
}

fn recipe(component: &Component) -> (&str, Option<&str>) {
    (component.path.as_str(), component.build.as_ref().map(|build| build.command.as_str()))
}

impl Order<'_> {
    /// What was built before.
    async fn cached(&self) -> BTreeMap<ComponentName, Packed> {
        let mut found = BTreeMap::new();
        for (name, id) in self.releases {
            if let Some(packed) = self.workshop.cache.cached(name, *id).await {
                (self.workshop.notify)(BuildEvent::Cached { component: name.clone(), release: *id });
                found.insert(name.clone(), packed);
            }
        }
        found
    }

    async fn build(&self, run: Run<'_>, inventories: &BTreeMap<ComponentName, Inventory>) -> Result<Vec<(ComponentName, Packed)>, BuildError> {
        if let Some(build) = &run.component.build {
            self.workshop.script(Task::Build(run.members[0].clone()), run.members[0], run.component, &build.command).run().await?;
        }
        let mut packed = Vec::new();
        for name in run.members {
            packed.push((name.clone(), self.pack(name, &inventories[name]).await?));
        }
        Ok(packed)
    }

    /// Makes the release of `name` of what lies there now, and keeps it if the sources still are what they were.
    async fn pack(&self, name: &ComponentName, files: &Inventory) -> Result<Packed, BuildError> {
        let (id, component) = (self.releases[name], &self.workshop.project.components[name]);
        let folder = component.path.under(self.workshop.sources.root());
        let all = (name.clone(), component.clone(), files.clone(), self.workshop.cache.clone());
        let packed = if component.build.is_none() {
            // Nothing is made, so nothing is kept: the files are sent from where they lie, and the host compares their hashes.
            blocking(move || gather::gather(&all.0, &all.1, &folder, &all.2).and_then(|load| store::in_place(&all.0, id, load))).await?
        } else {
            let stage = move || gather::gather(&all.0, &all.1, &folder, &all.2).and_then(|load| store::stage(&all.3, &all.0, id, load));
            let staged = blocking(stage).await?;
            self.check_unchanged(name, files).await?;
            staged.keep()?
        };
        let (files, size) = (packed.manifest.files.len(), packed.manifest.size());
        (self.workshop.notify)(BuildEvent::Packed { component: name.clone(), release: id, files, size });
        Ok(packed)
    }

    /// The release was named in a plan, some time ago: what is built now must still be what was named then.
    fn check_named(&self, name: &ComponentName, files: &Inventory) -> Result<(), BuildError> {
        match name::release_id(&self.workshop.project.components[name], files, self.workshop.platform) == self.releases[name] {
            true => Ok(()),
            false => Err(BuildError::SourcesChanged { component: name.clone(), files: Vec::new() }),
        }
    }

    /// Someone may have worked on the sources while they were built.
    async fn check_unchanged(&self, name: &ComponentName, before: &Inventory) -> Result<(), BuildError> {
        if !self.workshop.sources.can_change() {
            return Ok(());
        }
        let now = inventory::take(self.workshop.sources, self.workshop.project, [name]).await?.remove(name).unwrap_or_default();
        let files = inventory::differences(before, &now);
        if files.is_empty() { Ok(()) } else { Err(BuildError::SourcesChanged { component: name.clone(), files }) }
    }
}
