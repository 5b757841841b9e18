//! Answers that last, read line by line.

use std::io;

use futures_util::TryStreamExt;
use http::Response;
use http_body_util::{BodyExt, BodyStream};
use hyper::body::Incoming;
use plimsoll_api::HostError;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};
use tokio_util::io::StreamReader;

use crate::link::{Link, words};

/// The lines of an answer.
pub(crate) struct Lines<'a> {
    link: &'a Link,
    body: Box<dyn AsyncBufRead + Send + Unpin>,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// Those of `response`.
    pub fn of(link: &'a Link, response: Response<Incoming>) -> Self {
        let data = BodyStream::new(response.into_body().map_err(io::Error::other)).try_filter_map(async |frame| Ok(frame.into_data().ok()));
        Self { link, body: Box::new(StreamReader::new(Box::pin(data))), line: Vec::new() }
    }

    /// The next line. Nothing of a line is lost when this is dropped before it returns.
    ///
    /// # Errors
    /// The connection broke, which is also so when there is no further line: the last one says that it is the last.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<T, HostError> {
        if let Err(error) = self.body.read_until(b'\n', &mut self.line).await {
            return Err(self.link.broken(words(&error)).await);
        }
        if self.line.last() != Some(&b'\n') {
            return Err(self.link.broken(words(&io::Error::from(io::ErrorKind::UnexpectedEof))).await);
        }
        let line = std::mem::take(&mut self.line);
        serde_json::from_slice(&line).map_err(|error| self.link.makes_no_sense(&error))
    }
}
