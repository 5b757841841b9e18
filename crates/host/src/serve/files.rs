//! Contents of files, taken in as they come: nothing is held back until it is whole.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::extract::State;
use futures_util::TryStreamExt;
use plimsoll_api::HostError;
use plimsoll_api::wire::FrameHead;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio_util::io::StreamReader;

use super::answer::{Answer, answer};
use super::{Desk, Intake};

/// Takes in every file of the body.
pub(super) async fn take_in(State(desk): State<Desk>, body: Body) -> Answer {
    let mut body = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    answer(take_all(desk.intake.as_ref(), &mut body).await)
}

async fn take_all(intake: &dyn Intake, body: &mut (impl AsyncRead + Send + Unpin)) -> Result<(), HostError> {
    while let Some(FrameHead { digest, size }) = next_head(body).await? {
        let mut content = Content { body: &mut *body, left: size };
        intake.take(digest, size, &mut content).await?;
        // A file that is there already may be left unread.
        tokio::io::copy(&mut content, &mut tokio::io::sink()).await.map_err(|error| cut_off(&error))?;
    }
    Ok(())
}

/// The head of the next frame; none at the end of the body.
async fn next_head(body: &mut (impl AsyncRead + Unpin)) -> Result<Option<FrameHead>, HostError> {
    let mut bytes = [0; FrameHead::LEN];
    if body.read(&mut bytes[..1]).await.map_err(|error| cut_off(&error))? == 0 {
        return Ok(None);
    }
    body.read_exact(&mut bytes[1..]).await.map_err(|error| cut_off(&error))?;
    let unknown = || HostError::Unfit("a frame has a flag that is not known here".into());
    FrameHead::decode(&bytes).map(Some).ok_or_else(unknown)
}

fn cut_off(error: &io::Error) -> HostError {
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
