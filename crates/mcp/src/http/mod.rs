//! The protocol over HTTP: a [`Door`] that listens, a [`gate`] that every request passes, and behind it any handler of the protocol.
//!
//! Of revision 2026-07-28, each request stands for itself: a client that hangs up in the middle of a call calls it off. Earlier ones have sessions,
//! to which a client may come back, so there a call goes on; it is called off when the client says so or ends the session.

mod connections;
mod door;
mod gate;
mod names;
mod shown;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_ops::OpError;
use rmcp::ServerHandler;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

use gate::Gate;
use names::Names;

pub use door::{Door, Manner};
pub use gate::Admit;
pub use shown::Shown;

/// Where the protocol is spoken.
const PATH: &str = "/mcp";

/// How large a request may be, in bytes.
const LARGEST: usize = 1 << 20;

/// For how long a session may be silent in both directions. A call may be as long without a word, so this is long.
const SILENCE: Duration = Duration::from_secs(3_600);

/// Serves all who come to `door` and are admitted, until `stop` is cancelled. No more are let in then; when `settled` is done, those who still
/// wait for an answer have it, and all connections end.
///
/// # Errors
/// The system lets nobody listen any more.
pub async fn serve<H>(door: Door, admit: Admit, handler: H, stop: CancellationToken, settled: impl Future<Output = ()>) -> Result<(), OpError>
where
    H: ServerHandler + Clone + Send + Sync + 'static,
{
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.keep_alive = Some(SILENCE);
    let (sessions, end) = (Arc::new(sessions), CancellationToken::new());
    // Names are judged at the gate.
    let config =
        StreamableHttpServerConfig::default().disable_allowed_hosts().with_max_request_body_bytes(LARGEST).with_cancellation_token(end.clone());
    let names = Names::new(door.address().ip(), door.names.iter().cloned());
    let protocol = StreamableHttpService::new(move || Ok(handler.clone()), Arc::clone(&sessions), config);
    let gate = Arc::new(Gate { names, admit, sessions, protocol, owners: Mutex::default() });
    connections::serve(door, gate, connections::End { stop, settled, end }).await
}
