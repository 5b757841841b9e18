//! The body of a request on its way to the slot, and how far it has got.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

/// A request's body.
#[derive(Debug)]
pub(crate) struct Upload {
    body: Option<Incoming>,
    progress: Progress,
}

/// Counts the pieces of a body that went out: a slot need not answer while it is still being sent to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Option<Arc<AtomicU64>>);

impl Upload {
    /// What the client sends.
    pub(crate) fn new(body: Incoming) -> Self {
        let progress = Progress((!body.is_end_stream()).then(Arc::default));
        Self { body: Some(body), progress }
    }

    /// No body.
    pub(crate) fn none() -> Self {
        Self { body: None, progress: Progress::default() }
    }

    /// To watch it by.
    pub(crate) fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

impl Progress {
    /// How many pieces went out.
    pub(crate) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |count| count.load(Relaxed))
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(cx);
        if let (Poll::Ready(_), Some(count)) = (&frame, &self.progress.0) {
            count.fetch_add(1, Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
