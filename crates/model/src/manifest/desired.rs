//! From a project to the state that its hosts shall reach.

use std::collections::BTreeMap;

use super::project::{Component, Kind, Process, Project};
use crate::plan::{Desired, DesiredComponent, DesiredKind};
use crate::slot::ProcessSpec;
use crate::{ComponentName, Digest, ReleaseId};

impl Project {
    /// The state to reach with these releases and these hashes of secret values, by component and name. A component without
    /// a release is left out.
    #[must_use]
    pub fn desired(&self, releases: &BTreeMap<ComponentName, ReleaseId>, secrets: &BTreeMap<ComponentName, BTreeMap<String, Digest>>) -> Desired {
        let wanted = |(name, component): (&ComponentName, &Component)| {
            let secrets = secrets.get(name).cloned().unwrap_or_default();
            Some((name.clone(), component.desired(*releases.get(name)?, secrets)))
        };
        Desired { components: self.components.iter().filter_map(wanted).collect() }
    }
}

impl Component {
    fn desired(&self, release: ReleaseId, secrets: BTreeMap<String, Digest>) -> DesiredComponent {
        DesiredComponent {
            release,
            kind: match &self.kind {
                Kind::Site { root } => DesiredKind::Site { root: root.clone() },
                Kind::Process(process) => DesiredKind::Process(process.spec(secrets)),
            },
            shared: self.shared.clone(),
            route: self.route.clone(),
            depends_on: self.depends_on.clone(),
            strategy: self.strategy,
        }
    }
}

impl Process {
    fn spec(&self, secrets: BTreeMap<String, Digest>) -> ProcessSpec {
        ProcessSpec {
            run: self.run.clone(),
            health: self.health.clone(),
            env: self.env.clone(),
            secrets,
            user: self.user.clone(),
            limits: self.limits.clone(),
            start_timeout_ms: self.start_timeout_ms,
            drain_timeout_ms: self.drain_timeout_ms,
        }
    }
}
