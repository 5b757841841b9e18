//! Where a host keeps what it keeps.

use std::path::{Path, PathBuf};

use plimsoll_model::{ComponentName, EnvironmentKey, ReleaseId, SlotId};

/// The folders of a host, all below one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    root: PathBuf,
}

impl Folders {
    /// Everything below `root`.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder that holds all.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The socket of the daemon.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.root.join("host.sock")
    }

    /// Held by the one daemon that runs here.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.root.join("host.lock")
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.root.join("ledger.sqlite")
    }

    /// The daemon's own log files.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Files of releases, by hash.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// The proxy's folder.
    #[must_use]
    pub fn proxy(&self) -> PathBuf {
        self.root.join("proxy")
    }

    /// Stands there when this machine serves others: ports of routes are then opened on all of its addresses, and else on its own alone.
    #[must_use]
    pub fn public(&self) -> PathBuf {
        self.root.join("public")
    }

    /// Whose the projects are, where several users share the daemon.
    #[must_use]
    pub fn owners(&self) -> PathBuf {
        self.root.join("owners")
    }

    /// The folders of all environments: `PROJECT/ENVIRONMENT`.
    #[must_use]
    pub fn environments(&self) -> PathBuf {
        self.root.join("environments")
    }

    /// All that belongs to one environment.
    #[must_use]
    pub fn environment(&self, key: &EnvironmentKey) -> PathBuf {
        self.environments().join(key.project.as_str()).join(key.environment.as_str())
    }

    /// A release laid out for a component.
    #[must_use]
    pub fn release(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> PathBuf {
        self.environment(key).join("releases").join(component.as_str()).join(Self::release_name(release))
    }

    /// What the folder of a release is called, wherever it is laid out.
    #[must_use]
    pub fn release_name(release: &ReleaseId) -> String {
        release.to_string()[..16].to_owned()
    }

    /// What outlives the releases of a component.
    #[must_use]
    pub fn shared(&self, key: &EnvironmentKey, component: &ComponentName) -> PathBuf {
        self.environment(key).join("shared").join(component.as_str())
    }

    /// A slot's own folder.
    #[must_use]
    pub fn slot(&self, key: &EnvironmentKey, slot: &SlotId) -> PathBuf {
        self.environment(key).join("slots").join(slot.as_str())
    }

    /// What slots write.
    #[must_use]
    pub fn slot_logs(&self, key: &EnvironmentKey) -> PathBuf {
        self.environment(key).join("logs")
    }

    /// What one slot writes.
    #[must_use]
    pub fn slot_log(&self, key: &EnvironmentKey, slot: &SlotId) -> PathBuf {
        self.slot_logs(key).join(format!("{slot}.log"))
    }

    /// What is to be taken out of what one slot writes, where systemd keeps that: its secrets, as systemd reads them.
    #[must_use]
    pub fn slot_secrets(&self, key: &EnvironmentKey, slot: &SlotId) -> PathBuf {
        self.slot_logs(key).join(format!("{slot}.secrets"))
    }

    /// Logs of the runs of deployments.
    #[must_use]
    pub fn runs(&self, key: &EnvironmentKey) -> PathBuf {
        self.environment(key).join("runs")
    }

    /// Backups of a database.
    #[must_use]
    pub fn backups(&self, key: &EnvironmentKey, database: &ComponentName) -> PathBuf {
        self.environment(key).join("backups").join(database.as_str())
    }

    /// What is noted of the runs of a database's own tool.
    #[must_use]
    pub fn levels(&self, key: &EnvironmentKey, database: &ComponentName) -> PathBuf {
        self.environment(key).join("tools").join(format!("{database}.json"))
    }

    /// Where copies of those backups are made, and what is noted of them.
    #[must_use]
    pub fn copies(&self, key: &EnvironmentKey, database: &ComponentName) -> PathBuf {
        self.environment(key).join("copies").join(database.as_str())
    }

    /// Certificates with their private keys.
    #[must_use]
    pub fn certificates(&self, key: &EnvironmentKey) -> PathBuf {
        self.environment(key).join("certificates")
    }

    /// What is on record of certificates that authorities issue.
    #[must_use]
    pub fn enrolments(&self, key: &EnvironmentKey) -> PathBuf {
        self.environment(key).join("enrolments")
    }

    /// Accounts at authorities, with their private keys.
    #[must_use]
    pub fn accounts(&self) -> PathBuf {
        self.root.join("accounts")
    }

    /// What is shown to authorities, while they look.
    #[must_use]
    pub fn proofs(&self) -> PathBuf {
        self.root.join("proofs")
    }

    /// Values of secrets, by component and configuration.
    #[must_use]
    pub fn secrets(&self, key: &EnvironmentKey) -> PathBuf {
        self.environment(key).join("secrets")
    }
}
