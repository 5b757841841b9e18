//! What is sent of one file: all of it, or what the host has nowhere.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use http::Method;
use plimsoll_api::HostError;
use plimsoll_api::wire::frame::{Form, FrameHead, PartHead};
use plimsoll_api::wire::path;
use plimsoll_api::wire::piece::{LARGE, Piece, Place, Search, cut};
use plimsoll_model::Digest;

use super::unreadable;
use crate::link::Link;

/// A file that is to be sent.
pub(super) struct Parcel {
    pub(super) digest: Digest,
    pub(super) path: PathBuf,
    /// The parts that make it, when it is not sent whole.
    parts: Option<Vec<PartHead>>,
}

impl Parcel {
    /// The whole file.
    pub fn whole(digest: Digest, path: PathBuf) -> Self {
        Self { digest, path, parts: None }
    }

    /// Writes the file as it is sent, bit by bit.
    pub fn read(&self, mut give: impl FnMut(&mut dyn Read, u64) -> Result<(), Stop>) -> Result<(), Stop> {
        let unread = |error| Stop::Unreadable(self.path.clone(), error);
        let mut content = File::open(&self.path).map_err(unread)?;
        let size = content.metadata().map_err(unread)?.len();
        let Some(parts) = &self.parts else {
            give(&mut &FrameHead { digest: self.digest, size, form: Form::Whole }.encode()[..], FrameHead::LEN as u64)?;
            return give(&mut content, size);
        };
        give(&mut &FrameHead { digest: self.digest, size, form: Form::Parts }.encode()[..], FrameHead::LEN as u64)?;
        for part in parts {
            let head = part.encode();
            give(&mut &head[..], head.len() as u64)?;
            let length = u64::from(part.length);
            if part.place.is_some() {
                skip(&mut content, length).map_err(unread)?;
            } else {
                give(&mut content, length)?;
            }
        }
        Ok(())
    }
}

/// Why no more is read.
pub(super) enum Stop {
    /// A file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// Nobody takes it any more.
    Unwanted,
}

fn skip(content: &mut File, length: u64) -> io::Result<()> {
    io::Seek::seek_relative(content, i64::try_from(length).map_err(io::Error::other)?)
}

/// The file without what the host has of it.
pub(super) async fn sparing(link: &Link, digest: Digest, path: PathBuf) -> Result<Parcel, HostError> {
    let file = path.clone();
    let cut = tokio::task::spawn_blocking(move || cut_up(&file)).await;
    let cut = cut.unwrap_or_else(|error| Err(io::Error::other(error)));
    let (size, pieces) = cut.map_err(|error| unreadable(&path, &error))?;
    if pieces.is_empty() {
        return Ok(Parcel::whole(digest, path));
    }
    let search = Search { file: digest, size, pieces: pieces.iter().map(|piece| piece.digest).collect() };
    let places: Vec<Option<Place>> = link.ask(Method::POST, path::PIECES, &search).await?;
    let parts = places.iter().any(Option::is_some).then(|| join(pieces.iter().zip(places)));
    Ok(Parcel { digest, path, parts })
}

/// The pieces of a file that is large, and its size in bytes.
fn cut_up(path: &Path) -> io::Result<(u64, Vec<Piece>)> {
    let size = path.metadata()?.len();
    if size < LARGE {
        return Ok((size, Vec::new()));
    }
    Ok((size, cut(File::open(path)?, size).collect::<io::Result<_>>()?))
}

/// Pieces that follow each other, here and there, are one part.
fn join<'a>(pieces: impl Iterator<Item = (&'a Piece, Option<Place>)>) -> Vec<PartHead> {
    let mut parts: Vec<PartHead> = Vec::new();
    for (piece, place) in pieces {
        match parts.last_mut().filter(|part| goes_on(part, place)).and_then(|part| Some((part.length.checked_add(piece.length)?, part))) {
            Some((length, part)) => part.length = length,
            None => parts.push(PartHead { length: piece.length, place }),
        }
    }
    parts
}

fn goes_on(part: &PartHead, place: Option<Place>) -> bool {
    match (part.place, place) {
        (None, None) => true,
        (Some(before), Some(next)) => before.base == next.base && before.offset.checked_add(part.length.into()) == Some(next.offset),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_that_follow_each_other_are_one_part() {
        let base = Digest::of(b"base");
        let other = Digest::of(b"other");
        let at = |base, offset| Some(Place { base, offset });
        let check = |places: &[Option<Place>], wanted: &[(u32, Option<Place>)]| {
            let pieces: Vec<Piece> = (0..).step_by(10).map(|offset| Piece { digest: base, offset, length: 10 }).take(places.len()).collect();
            let wanted: Vec<PartHead> = wanted.iter().map(|(length, place)| PartHead { length: *length, place: *place }).collect();
            assert_eq!(join(pieces.iter().zip(places.iter().copied())), wanted);
        };
        check(&[None, None], &[(20, None)]);
        check(&[at(base, 5), at(base, 15), None], &[(20, at(base, 5)), (10, None)]);
        check(&[at(base, 5), at(base, 5)], &[(10, at(base, 5)), (10, at(base, 5))]);
        check(&[at(base, 5), at(other, 15)], &[(10, at(base, 5)), (10, at(other, 15))]);
    }
}
