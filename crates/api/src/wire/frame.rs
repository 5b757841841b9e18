//! Frames: what precedes the content of each file, and what a content is made of that is not sent whole.

use plimsoll_model::Digest;

use super::piece::Place;

/// How a content follows its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Whole,
    /// In [parts](PartHead), which make it together.
    Parts,
}

/// What precedes the content of each file: 32 bytes of hash, 8 bytes of size (little-endian), one byte that says the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHead {
    /// The hash of the content.
    pub digest: Digest,
    /// Its size, in bytes.
    pub size: u64,
    /// How it follows.
    pub form: Form,
}

/// What precedes each part of a content: 4 bytes of length (little-endian), one byte that says whether it follows (0), or lies on the
/// host already (1): then 32 bytes of hash and 8 bytes of offset (little-endian) follow in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartHead {
    /// Length of the part, in bytes.
    pub length: u32,
    /// Where it lies, when it does not follow.
    pub place: Option<Place>,
}

impl FrameHead {
    /// Length of a head, in bytes.
    pub const LEN: usize = 41;

    /// The head as it is sent.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..32].copy_from_slice(self.digest.as_bytes());
        bytes[32..40].copy_from_slice(&self.size.to_le_bytes());
        bytes[40] = u8::from(self.form == Form::Parts);
        bytes
    }

    /// Reads a head; none when its form is one that came after this program.
    #[must_use]
    pub fn decode(bytes: &[u8; Self::LEN]) -> Option<Self> {
        let (digest, rest) = bytes.split_first_chunk::<32>()?;
        let (size, form) = rest.split_first_chunk::<8>()?;
        let form = match form {
            [0] => Form::Whole,
            [1] => Form::Parts,
            _ => return None,
        };
        Some(Self { digest: Digest::from(*digest), size: u64::from_le_bytes(*size), form })
    }
}

impl PartHead {
    /// Length of a head, in bytes, without a place.
    pub const LEN: usize = 5;
    /// Length of a place, in bytes.
    pub const PLACE: usize = 40;

    /// The head as it is sent, with its place if it has one.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.length.to_le_bytes().to_vec();
        bytes.push(u8::from(self.place.is_some()));
        if let Some(Place { base, offset }) = &self.place {
            bytes.extend(base.as_bytes());
            bytes.extend(offset.to_le_bytes());
        }
        bytes
    }

    /// Reads the length, and whether a place follows; none when the head says what came after this program.
    #[must_use]
    pub fn decode(bytes: &[u8; Self::LEN]) -> Option<(u32, bool)> {
        let (length, kind) = bytes.split_first_chunk::<4>()?;
        let lies = match kind {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        Some((u32::from_le_bytes(*length), lies))
    }

    /// Reads a place.
    #[must_use]
    pub fn decode_place(bytes: &[u8; Self::PLACE]) -> Option<Place> {
        let (base, offset) = bytes.split_first_chunk::<32>()?;
        Some(Place { base: Digest::from(*base), offset: u64::from_le_bytes(*offset.first_chunk()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_was_written() {
        for form in [Form::Whole, Form::Parts] {
            let head = FrameHead { digest: Digest::of(b"x"), size: u64::MAX - 1, form };
            let mut bytes = head.encode();
            assert_eq!(FrameHead::decode(&bytes), Some(head));
            bytes[40] = 2;
            assert_eq!(FrameHead::decode(&bytes), None, "a form that is not known here");
        }
    }

    #[test]
    fn a_part_is_read_as_it_was_written() {
        let place = Place { base: Digest::of(b"base"), offset: u64::MAX - 1 };
        for part in [PartHead { length: 7, place: None }, PartHead { length: u32::MAX, place: Some(place) }] {
            let bytes = part.encode();
            let (head, rest) = bytes.split_first_chunk().unwrap();
            assert_eq!(PartHead::decode(head), Some((part.length, part.place.is_some())));
            assert_eq!(rest.first_chunk().and_then(PartHead::decode_place), part.place);
        }
        assert_eq!(PartHead::decode(&[0, 0, 0, 0, 2]), None, "a kind that is not known here");
    }
}
