//! Upgraded connections (WebSocket and others): bytes both ways until either side ends.

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::live::Claim;

/// Joins the two sides. The claim is held meanwhile, so that a drain waits for the tunnel.
pub(crate) async fn join(client: OnUpgrade, slot: OnUpgrade, claim: Claim) {
    let joined = async {
        let (client, slot) = futures_util::future::try_join(client, slot).await.map_err(std::io::Error::other)?;
        tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut TokioIo::new(slot)).await
    };
    if let Err(error) = joined.await {
        tracing::debug!(%error, "a tunnel broke");
    }
    drop(claim);
}
