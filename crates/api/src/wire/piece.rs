//! Pieces: large files are cut where their content says so (FastCDC, Xia et al. 2016), so that a change moves few of the cuts, and what the
//! host has of a file under any cut need not be sent.

use std::io::{self, Read};

use fastcdc::v2020::{Error, StreamCDC};
use plimsoll_model::Digest;
use serde::{Deserialize, Serialize};

/// From which size on a file is large, in bytes: below, asking for its pieces takes longer than sending it.
pub const LARGE: u64 = 1 << 20;

/// Average length of pieces, in bytes, of files that are not huge.
const AVERAGE: u32 = 64 << 10;

/// Most pieces of a file, about.
const MOST: u64 = 1 << 14;

/// Largest average, in bytes.
const LARGEST: u32 = 4 << 20;

/// Asks where pieces of a file lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// The file: one that was offered and is missing.
    pub file: Digest,
    /// Its size, in bytes: says how it is cut.
    pub size: u64,
    /// The hashes of its pieces.
    pub pieces: Vec<Digest>,
}

/// Where a piece lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file in which it lies. The file that is asked for itself stands for what has arrived of it.
    pub base: Digest,
    /// Where it begins there, in bytes.
    pub offset: u64,
}

/// A piece of a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its hash.
    pub digest: Digest,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// Its length, in bytes.
    pub length: u32,
}

/// Cuts a content as files of `size` bytes are cut.
pub fn cut(content: impl Read, size: u64) -> impl Iterator<Item = io::Result<Piece>> {
    let average = average(size) as usize;
    let piece = |data: fastcdc::v2020::ChunkData| Piece {
        digest: Digest::of(&data.data),
        offset: data.offset,
        length: u32::try_from(data.length).expect("a piece is at most four times the average"),
    };
    StreamCDC::new(content, average / 4, average, average * 4).map(move |data| data.map(piece).map_err(error))
}

/// Huge files have larger pieces, so that the list of them stays short.
fn average(size: u64) -> u32 {
    let wanted = u32::try_from(size / MOST).unwrap_or(LARGEST).clamp(AVERAGE, LARGEST);
    if wanted > LARGEST / 2 { LARGEST } else { wanted.next_power_of_two() }
}

fn error(error: Error) -> io::Error {
    match error {
        Error::IoError(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Bytes that do not repeat.
    fn noise(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    #[test]
    fn pieces_lie_side_by_side_and_make_the_whole() {
        for length in [0, 1, 5_000, 3 << 20] {
            let content = noise(length);
            let mut end = 0;
            for piece in cut(&content[..], length as u64) {
                let piece = piece.unwrap();
                assert_eq!(piece.offset, end);
                end += u64::from(piece.length);
                let at = usize::try_from(piece.offset).unwrap()..usize::try_from(end).unwrap();
                assert_eq!(piece.digest, Digest::of(&content[at]));
            }
            assert_eq!(end, length as u64);
        }
    }

    #[test]
    fn a_change_moves_few_of_the_cuts() {
        let before = noise(8 << 20);
        let changed = [&before[..3 << 20], b"something new", &before[(3 << 20) + 5..]].concat();
        let pieces = |content: &[u8]| -> BTreeSet<Digest> { cut(content, 8 << 20).map(|piece| piece.unwrap().digest).collect() };
        let (before, after) = (pieces(&before), pieces(&changed));
        assert!(after.len() > 60, "{}", after.len());
        assert!(after.difference(&before).count() <= 3, "{} of {}", after.difference(&before).count(), after.len());
    }

    #[test]
    fn no_list_of_pieces_is_too_long_to_be_asked_for() {
        for (size, wanted) in [(LARGE, 64 << 10), (1 << 30, 64 << 10), (3 << 30, 256 << 10), (1 << 40, 4 << 20), (u64::MAX, 4 << 20)] {
            assert_eq!(average(size), wanted, "{size}");
        }
    }
}
