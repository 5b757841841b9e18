//! All that a host has an effect on, each behind one narrow trait.

use std::sync::Arc;

use crate::authority::Authority;
use crate::certificates::CertificateStore;
use crate::clock::Clock;
use crate::database::Databases;
use crate::enrol::EnrolmentStore;
use crate::ledger::Ledger;
use crate::probe::Prober;
use crate::releases::Releases;
use crate::route::Router;
use crate::runs::RunLogs;
use crate::secrets::SecretStore;
use crate::supervise::Supervisor;

/// The effects of a host.
#[derive(Clone)]
pub struct World {
    /// What is on record.
    pub ledger: Arc<dyn Ledger>,
    /// Files of releases.
    pub releases: Arc<dyn Releases>,
    /// Values of secrets.
    pub secrets: Arc<dyn SecretStore>,
    /// Certificates with their private keys.
    pub certificates: Arc<dyn CertificateStore>,
    /// Logs of the runs of deployments.
    pub runs: Arc<dyn RunLogs>,
    /// What is on record of certificates that authorities issue.
    pub enrolments: Arc<dyn EnrolmentStore>,
    /// Those authorities.
    pub authority: Arc<dyn Authority>,
    /// Databases that programs use.
    pub databases: Arc<dyn Databases>,
    /// Running slots.
    pub supervisor: Arc<dyn Supervisor>,
    /// Where traffic goes.
    pub router: Arc<dyn Router>,
    /// Asking whether something serves.
    pub prober: Arc<dyn Prober>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}
