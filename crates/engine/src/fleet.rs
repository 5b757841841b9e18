//! The hosts of an environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use plimsoll_api::{HostApi, HostError, Look};
use plimsoll_model::HostName;
use plimsoll_model::plan::Observed;

/// The hosts of an environment, one of them its home.
#[derive(Clone)]
pub struct Fleet {
    /// The host that keeps the ledger and takes the decision.
    pub home: HostName,
    /// All of them, the home host too.
    pub hosts: BTreeMap<HostName, Arc<dyn HostApi>>,
}

impl Fleet {
    /// The home host.
    ///
    /// # Panics
    /// When it is not among the hosts.
    #[must_use]
    pub fn home(&self) -> &dyn HostApi {
        self.hosts.get(&self.home).expect("the home host is one of the hosts").as_ref()
    }

    /// Asks every host at once, each for what `look` says of it.
    ///
    /// # Errors
    /// That of the first host, by name, that did not answer.
    pub async fn observe(&self, look: impl Fn(&HostName) -> Look) -> Result<BTreeMap<HostName, Observed>, HostError> {
        let look = &look;
        self.all(|name, host| async move { host.observe(look(name)).await }).await.into_iter().map(|(name, seen)| Ok((name, seen?))).collect()
    }

    /// Does the same with every host, side by side.
    pub async fn all<'a, T, F: Future<Output = T>>(&'a self, work: impl Fn(&'a HostName, &'a dyn HostApi) -> F) -> BTreeMap<HostName, T> {
        let work = &work;
        let each = self.hosts.iter().map(|(name, host)| async move { (name.clone(), work(name, host.as_ref()).await) });
        join_all(each).await.into_iter().collect()
    }
}
