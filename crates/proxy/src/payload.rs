//! The body of an answer, whatever it is made of. It holds the request's claim until the last byte is handed over.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use hyper::body::{Body, Frame, SizeHint};

use crate::forward::relay::Relay;
use crate::live::Claim;
use crate::site::stream::FileBody;

/// What an answer carries.
#[derive(Debug)]
pub(crate) enum Payload {
    /// Bytes at hand; none when they are sent.
    Bytes(Option<Bytes>),
    /// What a slot answers, as it comes.
    Relay(Relay),
    /// A file of a site.
    File(FileBody),
}

impl Payload {
    /// Nothing.
    pub(crate) fn empty() -> Self {
        Self::Bytes(None)
    }

    /// Keeps `claim` for as long as there is something to send.
    pub(crate) fn hold(&mut self, claim: Claim) {
        if let Self::File(file) = self {
            file.hold(claim);
        }
    }
}

/// A short answer of the proxy itself.
pub(crate) fn text(status: StatusCode, text: &str) -> Response<Payload> {
    fixed(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

/// The same as JSON.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response<Payload> {
    fixed(status, "application/json", value.to_string())
}

fn fixed(status: StatusCode, kind: &'static str, body: String) -> Response<Payload> {
    let mut response = Response::new(Payload::Bytes(Some(Bytes::from(body))));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Bytes(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Relay(relay) => relay.poll_frame(cx).map_err(Into::into),
            Self::File(file) => Poll::Ready(file.next().map(|piece| piece.map(Frame::data).map_err(Into::into))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_none(),
            Self::Relay(relay) => relay.is_end_stream(),
            Self::File(file) => file.exact() == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Relay(relay) => relay.size_hint(),
            Self::File(file) => file.exact().map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}
