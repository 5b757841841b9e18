//! The body of a file: read piece by piece as the client takes it, and compressed on the way when asked for.
//!
//! Reads happen on the serving thread. What is served again and again is in the page cache, where a read takes less
//! time than handing it to another thread would.

use std::fs::File;
use std::io::{self, Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::live::Claim;

/// Bytes read at a time.
const PIECE: usize = 64 << 10;

/// A file, or a part of it, on its way.
#[derive(Debug)]
pub(crate) struct FileBody {
    file: File,
    left: u64,
    gzip: Option<GzEncoder<Vec<u8>>>,
    claim: Option<Claim>,
}

impl FileBody {
    /// The next `length` bytes of `file`, compressed if `gzip`.
    pub(crate) fn new(file: File, length: u64, gzip: bool) -> Self {
        let gzip = gzip.then(|| GzEncoder::new(Vec::new(), Compression::new(5)));
        Self { file, left: length, gzip, claim: None }
    }

    /// Counts as in flight by `claim` while it is on its way.
    pub(crate) fn hold(&mut self, claim: Claim) {
        self.claim = Some(claim);
    }

    /// How many bytes are to come, when that is known.
    pub(crate) fn exact(&self) -> Option<u64> {
        self.gzip.is_none().then_some(self.left)
    }

    /// The next piece; none at the end.
    pub(crate) fn next(&mut self) -> Option<io::Result<Bytes>> {
        match &self.gzip {
            None if self.left == 0 => None,
            None => Some(self.read().map(Bytes::from)),
            Some(_) => self.squeeze().transpose(),
        }
    }

    fn read(&mut self) -> io::Result<Vec<u8>> {
        let want = PIECE.min(usize::try_from(self.left).unwrap_or(PIECE));
        let mut piece = vec![0; want];
        let got = self.file.read(&mut piece)?;
        if got == 0 {
            // Its length was promised; only a broken connection tells the client that it was a lie.
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(got);
        self.left -= got as u64;
        Ok(piece)
    }

    /// Reads until something comes out of the compressor.
    fn squeeze(&mut self) -> io::Result<Option<Bytes>> {
        while self.left > 0 {
            let piece = self.read()?;
            let Some(gzip) = &mut self.gzip else { return Ok(None) };
            gzip.write_all(&piece)?;
            if !gzip.get_ref().is_empty() {
                return Ok(Some(Bytes::from(std::mem::take(gzip.get_mut()))));
            }
        }
        let rest = self.gzip.take().map(GzEncoder::finish).transpose()?;
        Ok(rest.map(Bytes::from))
    }
}
