//! Certificates of authorities on a simulated machine: no authority is reached from there.

use std::collections::BTreeSet;
use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_acme::{Issued, Prover, Refusal, Why};
use plimsoll_host::Trouble;
use plimsoll_host::authority::Authority;
use plimsoll_host::enrol::{EnrolmentStore, Record};
use plimsoll_model::plan::Step;
use plimsoll_model::route::Enrolment;
use plimsoll_model::{Digest, EnvironmentKey, Secret};

use super::Hands;

#[async_trait]
impl Authority for Hands {
    async fn register(&self, _: &Enrolment) -> Result<Secret<String>, Refusal> {
        self.alive().await;
        Err(Refusal {
            why: Why::Unreachable,
            message: "no authority is reached from a simulated host".into(),
            help: "ask a real one".into(),
            wait: None,
        })
    }

    async fn obtain(&self, enrolment: &Enrolment, _: &Secret<String>, _: &dyn Prover) -> Result<Issued, Refusal> {
        self.register(enrolment).await.map(|key| Issued { chain: String::new(), key })
    }
}

#[async_trait]
impl EnrolmentStore for Hands {
    async fn record(&self, key: &EnvironmentKey, enrolment: Digest) -> Result<Record, Trouble> {
        self.alive().await;
        self.work(|active| matches!(active.step, Step::Enrol { enrolment: wanted, .. } if wanted.digest() == enrolment)).await?;
        Ok(self.machine.state().enrolments.get(&(key.clone(), enrolment)).cloned().unwrap_or_default())
    }

    async fn put(&self, key: &EnvironmentKey, enrolment: Digest, record: &Record) -> Result<(), Trouble> {
        self.alive().await;
        self.machine.state().enrolments.insert((key.clone(), enrolment), record.clone());
        Ok(())
    }

    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<Digest>) -> Result<(), Trouble> {
        self.alive().await;
        self.machine.state().enrolments.retain(|(of, enrolment), _| of != key || needed.contains(enrolment));
        Ok(())
    }

    async fn account(&self, _: Digest) -> Result<Option<Secret<String>>, Trouble> {
        self.alive().await;
        Ok(None)
    }

    async fn keep_account(&self, _: Digest, _: Option<&Secret<String>>) -> Result<(), Trouble> {
        self.alive().await;
        Ok(())
    }

    async fn show(&self, token: &str, _: &str) -> Result<PathBuf, Trouble> {
        self.alive().await;
        Ok(PathBuf::from(format!("/proofs/{token}")))
    }

    async fn hide(&self) -> Result<(), Trouble> {
        self.alive().await;
        Ok(())
    }
}
