//! Contents of files, taken in as they come: nothing is held back until it is whole.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::extract::State;
use futures_util::TryStreamExt;
use plimsoll_api::HostError;
use plimsoll_api::wire::block::{self, Unpacker};
use plimsoll_api::wire::frame::{Form, FrameHead};
use plimsoll_api::wire::piece::Search;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio_util::codec::FramedRead;
use tokio_util::io::StreamReader;

use super::answer::{Answer, answer};
use super::ask::Asked;
use super::{Desk, Intake, parts};

/// Takes in every file of the body.
pub(super) async fn take_in(State(desk): State<Desk>, body: Body) -> Answer {
    answer(take_all(desk.intake.as_ref(), &mut reader(body)).await)
}

/// The same, where the body comes in blocks.
pub(super) async fn take_in_blocks(State(desk): State<Desk>, body: Body) -> Answer {
    let blocks = FramedRead::with_capacity(reader(body), Unpacker, 2 * block::LARGEST);
    answer(take_all(desk.intake.as_ref(), &mut StreamReader::new(blocks)).await)
}

fn reader(body: Body) -> impl AsyncRead + Send + Unpin {
    StreamReader::new(body.into_data_stream().map_err(io::Error::other))
}

/// Tells where pieces of a file lie.
pub(super) async fn places(State(desk): State<Desk>, Asked(search): Asked<Search>) -> Answer {
    answer(desk.intake.places(search).await)
}

async fn take_all(intake: &dyn Intake, body: &mut (impl AsyncRead + Send + Unpin)) -> Result<(), HostError> {
    while let Some(head) = next_head(body).await? {
        match head.form {
            Form::Whole => take_whole(intake, &head, body).await?,
            Form::Parts => parts::take(intake, &head, body).await?,
        }
    }
    Ok(())
}

async fn take_whole(intake: &dyn Intake, head: &FrameHead, body: &mut (impl AsyncRead + Send + Unpin)) -> Result<(), HostError> {
    let mut content = Content { body, left: head.size };
    intake.take(head.digest, head.size, &mut content).await?;
    // A file that is there already may be left unread.
    tokio::io::copy(&mut content, &mut tokio::io::sink()).await.map_err(|error| cut_off(&error)).map(drop)
}

/// The head of the next frame; none at the end of the body.
async fn next_head(body: &mut (impl AsyncRead + Unpin)) -> Result<Option<FrameHead>, HostError> {
    let mut bytes = [0; FrameHead::LEN];
    if body.read(&mut bytes[..1]).await.map_err(|error| cut_off(&error))? == 0 {
        return Ok(None);
    }
    body.read_exact(&mut bytes[1..]).await.map_err(|error| cut_off(&error))?;
    let unknown = || HostError::Unfit("a frame has a form that is not known here".into());
    FrameHead::decode(&bytes).map(Some).ok_or_else(unknown)
}

pub(super) fn cut_off(error: &io::Error) -> HostError {
    HostError::Unfit(format!("the files were cut off: {error}"))
}

/// The content of one frame. Ends after its last byte, and fails when the body ends before it.
struct Content<'a, R> {
    body: &'a mut R,
    left: u64,
}

impl<R: AsyncRead + Unpin> AsyncRead for Content<'_, R> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(to.remaining());
        if room == 0 {
            return Poll::Ready(Ok(()));
        }
        let mut part = ReadBuf::new(to.initialize_unfilled_to(room));
        ready!(Pin::new(&mut *self.body).poll_read(cx, &mut part))?;
        let got = part.filled().len();
        if got == 0 {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{} bytes of a file are missing", self.left))));
        }
        to.advance(got);
        self.left -= got as u64;
        Poll::Ready(Ok(()))
    }
}
