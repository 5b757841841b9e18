//! The body of a slot's answer on its way to the client.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::pool::{Link, Pool};
use crate::live::Claim;

/// A slot's answer. When it is complete, its connection is kept for the next request and its claim ends;
/// when it is dropped before, the connection is closed, because the rest of the answer is still in it.
#[derive(Debug)]
pub(crate) struct Relay {
    body: Incoming,
    open: Option<(Link, Arc<Pool>, Claim)>,
}

impl Relay {
    /// The answer `body` that comes over `link`.
    pub(crate) fn new(body: Incoming, claim: Claim, link: Link, pool: Arc<Pool>) -> Self {
        let mut relay = Self { body, open: Some((link, pool, claim)) };
        relay.close_at_end();
        relay
    }

    /// The next piece.
    pub(crate) fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(None) => self.close(),
            Poll::Ready(Some(Ok(_))) => self.close_at_end(),
            Poll::Ready(Some(Err(_))) => self.open = None,
            Poll::Pending => {}
        }
        frame
    }

    /// Whether the client has got all.
    pub(crate) fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    /// How much is to come, as far as the slot said it.
    pub(crate) fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn close_at_end(&mut self) {
        if self.body.is_end_stream() {
            self.close();
        }
    }

    fn close(&mut self) {
        if let Some((link, pool, claim)) = self.open.take() {
            pool.put(link);
            drop(claim);
        }
    }
}
