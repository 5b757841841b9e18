//! Bringing units up and taking them down, whatever they are doing. Both may be repeated.

use std::time::Duration;

use tokio::time::timeout;

use super::bus::Bus;
use super::properties::Properties;
use super::state::State;

/// How long a unit may take to be gone when nothing of it runs any more.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a name that is said to be taken is tried: others may stop and start units meanwhile.
const TRIES: usize = 5;

/// Why a unit is not what it shall be.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Bus(#[from] zbus::Error),
    #[error("systemd does not let go of its unit {unit}")]
    Stays { unit: String },
}

impl Bus {
    /// Whether a unit runs, or will again by itself. One that is being stopped is waited for.
    pub(super) async fn runs(&self, unit: &str) -> Result<bool, Fault> {
        let runs = |state: Option<&State>| (!state.is_some_and(State::is_leaving)).then(|| state.is_some_and(|state| !state.is_over()));
        let runs = self.until(unit, runs).await?;
        if runs {
            self.settled(unit).await?;
        }
        Ok(runs)
    }

    /// Starts a unit that does not run; what is left of one that failed gives way.
    pub(super) async fn bring_up(&self, unit: &str, properties: &Properties) -> Result<(), Fault> {
        for _ in 0..TRIES {
            if self.start(unit, properties).await? {
                return self.settled(unit).await;
            }
            if self.runs(unit).await? {
                return Ok(());
            }
            self.let_go(unit).await?;
            let freed = |state: Option<&State>| state.is_none_or(|state| !state.is_over()).then_some(());
            timeout(PATIENCE, self.until(unit, freed)).await.map_err(|_| Fault::Stays { unit: unit.to_owned() })??;
        }
        Err(Fault::Stays { unit: unit.to_owned() })
    }

    /// Asks a unit to end, and kills it after `grace`.
    pub(super) async fn take_down(&self, unit: &str, grace: Duration) -> Result<(), Fault> {
        let gone = |state: Option<&State>| state.is_none_or(State::is_over).then_some(());
        self.stop(unit).await?;
        if let Ok(gone) = timeout(grace, self.until(unit, gone)).await {
            return Ok(gone?);
        }
        self.kill(unit).await?;
        Ok(timeout(PATIENCE, self.until(unit, gone)).await.map_err(|_| Fault::Stays { unit: unit.to_owned() })??)
    }

    /// Waits until the program of a unit has been started, or could not be.
    async fn settled(&self, unit: &str) -> Result<(), Fault> {
        Ok(self.until(unit, |state| state.is_none_or(State::is_settled).then_some(())).await?)
    }
}
