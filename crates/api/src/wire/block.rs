//! Blocks: how bodies travel that go over a network. Each is made smaller (Zstandard, RFC 8878) where that pays.
//!
//! A block is 4 bytes of length (little-endian), one byte that says whether it is as it was (0) or compressed (1), and its bytes.

use std::io;

use bytes::{Buf, Bytes, BytesMut};
use tokio_util::codec::Decoder;

/// Most that a block holds, in bytes.
pub const LARGEST: usize = 256 << 10;

/// Length of what precedes a block, in bytes.
const HEAD: usize = 5;

/// What compressing costs the least.
const LEVEL: i32 = 1;

/// How many blocks are sent as they are after one that did not get smaller: what comes together is alike.
const SPARED: u32 = 7;

/// Makes blocks.
pub struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
    spared: u32,
}

/// Takes blocks apart.
#[derive(Debug, Default)]
pub struct Unpacker;

impl Packer {
    /// Whose blocks are independent of each other.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn new() -> io::Result<Self> {
        Ok(Self { compressor: zstd::bulk::Compressor::new(LEVEL)?, spared: 0 })
    }

    /// A block with this content, which is [`LARGEST`] at most: what is to be sent, one after the other.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn pack(&mut self, content: Bytes) -> io::Result<[Bytes; 2]> {
        if self.spared > 0 {
            self.spared -= 1;
            return Ok([head(content.len(), false), content]);
        }
        let smaller = self.compressor.compress(&content)?;
        // What saves less than a sixteenth is not worth the other side's time.
        if smaller.len() < content.len() - content.len() / 16 {
            return Ok([head(smaller.len(), true), smaller.into()]);
        }
        self.spared = SPARED;
        Ok([head(content.len(), false), content])
    }
}

fn head(length: usize, compressed: bool) -> Bytes {
    let length = u32::try_from(length).expect("a block is small").to_le_bytes();
    Bytes::from([&length[..], &[u8::from(compressed)]].concat())
}

impl Decoder for Unpacker {
    type Item = Bytes;
    type Error = io::Error;

    fn decode(&mut self, from: &mut BytesMut) -> io::Result<Option<Bytes>> {
        let Some((length, kind)) = from.split_first_chunk::<4>().and_then(|(length, rest)| Some((u32::from_le_bytes(*length), *rest.first()?)))
        else {
            return Ok(None);
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > LARGEST {
            return Err(unfit(format!("a block of {length} bytes")));
        }
        if from.len() < HEAD + length {
            from.reserve(HEAD + length - from.len());
            return Ok(None);
        }
        from.advance(HEAD);
        let content = from.split_to(length).freeze();
        match kind {
            0 => Ok(Some(content)),
            1 => zstd::bulk::decompress(&content, LARGEST).map(|content| Some(content.into())),
            kind => Err(unfit(format!("a block of the kind {kind}"))),
        }
    }
}

fn unfit(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{what} is not known here"))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn unpack(mut sent: BytesMut) -> io::Result<Vec<u8>> {
        let mut got = Vec::new();
        while let Some(content) = Unpacker.decode_eof(&mut sent)? {
            got.extend(content);
        }
        Ok(got)
    }

    proptest! {
        #[test]
        fn blocks_arrive_as_they_were_sent(contents in vec((any::<u8>(), 0..5_000usize, any::<bool>()), 0..20), cut in any::<prop::sample::Index>()) {
            let content = |(byte, length, alike): &(u8, usize, bool)| -> Vec<u8> {
                (0..*length).map(|at| if *alike { *byte } else { Digest::of(&at.to_le_bytes()).as_bytes()[0] }).collect()
            };
            let contents: Vec<Vec<u8>> = contents.iter().map(content).collect();
            let mut packer = Packer::new().unwrap();
            let sent: Vec<u8> = contents.iter().flat_map(|content| packer.pack(content.clone().into()).unwrap()).flatten().collect();
            prop_assert_eq!(unpack(BytesMut::from(&sent[..])).unwrap(), contents.concat());
            // Cut off anywhere, it is the beginning of it, and said to be cut off unless a block ends there.
            let cut = cut.index(sent.len() + 1);
            if let Ok(begun) = unpack(BytesMut::from(&sent[..cut])) {
                prop_assert!(contents.concat().starts_with(&begun));
            }
        }

        #[test]
        fn no_bytes_do_harm(bytes in vec(any::<u8>(), 0..200)) {
            let _ = unpack(BytesMut::from(&bytes[..]));
        }
    }

    use plimsoll_model::Digest;

    #[test]
    fn what_repeats_gets_smaller_and_what_does_not_stays() {
        let mut packer = Packer::new().unwrap();
        let text = Bytes::from("the same again ".repeat(1_000));
        let [_, sent] = packer.pack(text.clone()).unwrap();
        assert!(sent.len() < 200, "{}", sent.len());
        let noise: Bytes =
            (0..10_000u32).flat_map(|at| Digest::of(&at.to_le_bytes()).as_bytes().to_owned()).collect::<Vec<u8>>()[..LARGEST].to_vec().into();
        assert_eq!(packer.pack(noise.clone()).unwrap()[1], noise);
        assert_eq!(packer.pack(text.clone()).unwrap()[1], text, "after that, the next are not tried");
        for _ in 1..SPARED {
            let _ = packer.pack(noise.clone()).unwrap();
        }
        assert!(packer.pack(text).unwrap()[1].len() < 200, "and then they are again");
    }

    #[test]
    fn a_block_that_claims_to_be_larger_than_any_is_refused() {
        let bomb = zstd::bulk::compress(&vec![0; LARGEST + 1], 1).unwrap();
        for sent in [[head(LARGEST + 1, false), Bytes::new()].concat(), [head(bomb.len(), true), bomb.into()].concat(), vec![0, 0, 0, 0, 9]] {
            assert!(unpack(BytesMut::from(&sent[..])).is_err(), "{sent:?}");
        }
    }
}
