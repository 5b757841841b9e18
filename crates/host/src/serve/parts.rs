//! Contents that come in parts: some follow, some lie on this host already. Both are put together as they come, and what they make is
//! judged by its hash, as what comes whole.

use plimsoll_api::HostError;
use plimsoll_api::wire::block;
use plimsoll_api::wire::frame::{FrameHead, PartHead};
use plimsoll_api::wire::piece::Place;
use plimsoll_model::Digest;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream};

use super::Intake;
use super::files::cut_off;

/// Takes one file in.
pub(super) async fn take(intake: &dyn Intake, head: &FrameHead, body: &mut (impl AsyncRead + Send + Unpin)) -> Result<(), HostError> {
    let (into, mut content) = tokio::io::duplex(block::LARGEST);
    let taken = async {
        let taken = intake.take(head.digest, head.size, &mut content).await;
        // A file that is there already is not read: whoever puts it together notices by this.
        drop(content);
        taken
    };
    let (joined, taken) = tokio::join!(join(intake, head, body, into), taken);
    joined.and(taken)
}

/// Reads all parts, and writes what they are while somebody wants it.
async fn join(intake: &dyn Intake, head: &FrameHead, body: &mut (impl AsyncRead + Unpin), into: DuplexStream) -> Result<(), HostError> {
    let (mut into, mut left) = (Some(into), head.size);
    while left > 0 {
        let (length, place) = next_part(body).await?;
        left = left.checked_sub(length.into()).ok_or_else(|| HostError::Unfit("the parts of a file are more than the whole".into()))?;
        match place {
            Some(place) => lying(intake, head.digest, place, length, &mut into).await?,
            None => following(body, length, &mut into).await?,
        }
    }
    Ok(())
}

async fn next_part(body: &mut (impl AsyncRead + Unpin)) -> Result<(u32, Option<Place>), HostError> {
    let mut head = [0; PartHead::LEN];
    body.read_exact(&mut head).await.map_err(|error| cut_off(&error))?;
    let (length, lies) =
        PartHead::decode(&head).filter(|(length, _)| *length > 0).ok_or_else(|| HostError::Unfit("a part is not known here".into()))?;
    if !lies {
        return Ok((length, None));
    }
    let mut place = [0; PartHead::PLACE];
    body.read_exact(&mut place).await.map_err(|error| cut_off(&error))?;
    Ok((length, PartHead::decode_place(&place)))
}

/// A part that lies here.
async fn lying(intake: &dyn Intake, file: Digest, place: Place, length: u32, into: &mut Option<DuplexStream>) -> Result<(), HostError> {
    let mut done = 0;
    while done < length && into.is_some() {
        let step = (length - done).min(u32::try_from(block::LARGEST).expect("a block is small"));
        let offset = place.offset.saturating_add(done.into());
        let bytes = intake.piece(file, Place { offset, ..place }, step).await?;
        write(into, &bytes).await;
        done += step;
    }
    Ok(())
}

/// A part that follows.
async fn following(body: &mut (impl AsyncRead + Unpin), length: u32, into: &mut Option<DuplexStream>) -> Result<(), HostError> {
    let mut left = u64::from(length);
    let mut bytes = Vec::with_capacity(usize::try_from(left).unwrap_or(usize::MAX).min(block::LARGEST));
    while left > 0 {
        bytes.clear();
        let step = left.min(block::LARGEST as u64);
        let got = (&mut *body).take(step).read_buf(&mut bytes).await.map_err(|error| cut_off(&error))?;
        if got == 0 {
            return Err(cut_off(&std::io::ErrorKind::UnexpectedEof.into()));
        }
        write(into, &bytes).await;
        left -= got as u64;
    }
    Ok(())
}

/// Nobody wants a file that is there already.
async fn write(into: &mut Option<DuplexStream>, bytes: &[u8]) {
    if let Some(stream) = into
        && stream.write_all(bytes).await.is_err()
    {
        *into = None;
    }
}
