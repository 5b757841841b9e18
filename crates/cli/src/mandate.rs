//! What everyone may say who changes an environment.

use plimsoll_model::PlanHash;
use plimsoll_ops::call_name;

/// How far a change is agreed to beforehand, and why it is made.
#[derive(Debug, clap::Args)]
pub struct Mandate {
    /// Say yes to the plan beforehand
    #[arg(long, short)]
    pub yes: bool,
    /// Carry out only this plan, seen before
    #[arg(long, value_name = "HASH")]
    pub plan: Option<PlanHash>,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// A name for this call: called so again, it answers how the first one ended and does nothing
    #[arg(long = "idempotency-key", value_name = "KEY", value_parser = call_name)]
    pub key: Option<String>,
}
