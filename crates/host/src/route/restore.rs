//! A proxy that was started again over a damaged state serves the table before the last one, or lets connections wait: here it is told
//! of the last one again. Without damage it knows that itself.

use std::sync::Arc;

use plimsoll_keeper::KeptState;
use plimsoll_model::route::{Route, RouteTable};
use plimsoll_proxy::control::{Client, ControlError};
use tokio::sync::{Mutex, watch};

/// The routes that were applied last; taken by who changes routes or proxy, so that there is one at a time.
pub(super) type Applied = Arc<Mutex<Option<Vec<Route>>>>;

/// Looks at each new process of the proxy, until its keeper is gone.
pub(super) async fn watch(mut states: watch::Receiver<KeptState>, client: Client, applied: Applied) {
    let mut seen = None;
    loop {
        let state = states.borrow_and_update().clone();
        if state.ready && state.pid != seen {
            seen = state.pid;
            if let Err(error) = restore(&client, &applied).await {
                tracing::error!(%error, "the proxy lost its routes, and was not told of them again");
            }
        }
        if states.changed().await.is_err() {
            return;
        }
    }
}

async fn restore(client: &Client, applied: &Applied) -> Result<(), ControlError> {
    let applied = applied.lock().await;
    let Some(routes) = &*applied else { return Ok(()) };
    let status = client.status().await?;
    let Some(damage) = status.damage else { return Ok(()) };
    tracing::warn!(damage, "the proxy lost its routes and is told of them again");
    client.put(&RouteTable { generation: status.generation + 1, routes: routes.clone() }).await
}
