//! One call of a tool.

use async_trait::async_trait;
use plimsoll_ops::{Approve, Context, Exit, Loss, OpError, PlanView, Progress};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// One call of a tool: what it was given, and where it happens.
pub(crate) struct Call {
    /// Where and by whom. Cancelled when the client cancels the call, or is gone.
    pub(crate) context: Context,
    /// What was given, by name.
    pub(crate) arguments: Map<String, Value>,
    /// Where is told what happens meanwhile.
    pub(crate) progress: Progress,
}

impl Call {
    /// What was given, as the tool wants it.
    pub(crate) fn read<A: DeserializeOwned>(&self) -> Result<A, OpError> {
        serde_json::from_value(Value::Object(self.arguments.clone())).map_err(|error| {
            let message = format!("the arguments do not fit: {error}");
            OpError::new(Exit::Usage, "arguments-unfit", message).with_help("the input schema of the tool tells what it takes")
        })
    }
}

/// An agent's yes: only to a plan that it has seen, and to a loss that it has named.
pub(crate) struct Seen {
    /// Whether what was written to databases since their backups may be lost.
    pub(crate) accept_loss: bool,
}

#[async_trait]
impl Approve for Seen {
    async fn approve(&self, _: &PlanView) -> bool {
        false
    }

    async fn approve_loss(&self, _: &[Loss]) -> bool {
        self.accept_loss
    }

    fn must_have_seen(&self) -> bool {
        true
    }
}
