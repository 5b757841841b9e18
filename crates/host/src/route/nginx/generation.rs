//! Which configuration a running nginx has. Each one answers with its name at an address of its own, so that it can be seen to come, and
//! the one before to go: a worker closes all that it listens on at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use plimsoll_model::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::files::Files;

/// The file that tells the generation, which is also its first word.
pub(super) const FILE: &str = "plimsoll.conf";
const MARK: &str = "# generation ";
/// How often one that is to come is asked for: nginx tells nobody when it begins to listen.
const PAUSE: Duration = Duration::from_millis(5);

/// A configuration, by what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Generation {
    pub(super) id: String,
    pub(super) address: SocketAddr,
    /// The routes that it is for, whatever others served when it was made.
    pub(super) routes: String,
}

/// A name for what is in `files`, this one left out.
pub(super) fn id(files: &Files) -> String {
    digest(files).to_string()[..16].to_owned()
}

fn digest(files: &Files) -> Digest {
    Digest::of_value(&files.iter().filter(|(name, _)| *name != FILE).collect::<Vec<_>>())
}

impl Generation {
    /// That of `files` for `routes`, which answers on `port`.
    pub(super) fn of(files: &Files, routes: String, port: u16) -> Self {
        let [a, b, c, ..] = *digest(files).as_bytes();
        // The first and the last block of 127.0.0.0/8 have other uses.
        let address = Ipv4Addr::new(127, 64 | (a & 0x3f), b, c);
        Self { id: id(files), address: SocketAddr::from((address, port)), routes }
    }

    /// The one that is written in `files`.
    pub(super) fn read(files: &Files) -> Option<Self> {
        let text = std::str::from_utf8(files.get(FILE)?).ok()?;
        let (id, rest) = text.lines().find_map(|line| line.strip_prefix(MARK))?.split_once(" at ")?;
        let (address, routes) = rest.split_once(" for ")?;
        Some(Self { id: id.to_owned(), address: address.parse().ok()?, routes: routes.to_owned() })
    }

    /// Its part of the configuration.
    pub(super) fn text(&self) -> String {
        let Self { id, address, routes } = self;
        format!(
            "{MARK}{id} at {address} for {routes}\nserver {{\n    listen {address};\n    access_log off;\n    keepalive_timeout 1h;\n    \
             location / {{ return 404; }}\n    location = /plimsoll-generation {{ default_type text/plain; return 200 {id}; }}\n}}\n"
        )
    }

    /// Whether nginx has it.
    pub(super) async fn answers(&self) -> bool {
        ask(self.address).await.is_some_and(|(_, answer)| answer.ends_with(&self.id))
    }

    /// Returns when nginx has it.
    pub(super) async fn came(&self) {
        while !self.answers().await {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Returns when no worker listens for it any more: each one closes what it listens on, then the connections on which nothing is
    /// under way. So one of these tells when the worker at its end is done, and the next try whether there is another.
    pub(super) async fn went(&self) {
        while let Ok(stream) = TcpStream::connect(self.address).await {
            if let Some((mut stream, _)) = talk(stream).await {
                // However it ends, it has.
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    }
}

async fn ask(address: SocketAddr) -> Option<(TcpStream, String)> {
    talk(TcpStream::connect(address).await.ok()?).await
}

/// The connection, which is kept, and the answer that came on it.
async fn talk(mut stream: TcpStream) -> Option<(TcpStream, String)> {
    stream.write_all(b"GET /plimsoll-generation HTTP/1.1\r\nhost: plimsoll\r\n\r\n").await.ok()?;
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= length(head)
        {
            return Some((stream, text.into_owned()));
        }
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
    }
}

fn length(head: &str) -> usize {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length")).find_map(|(_, length)| length.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let files = |text: &str| BTreeMap::from([("plimsoll-a.b.conf".to_owned(), text.as_bytes().to_vec())]);
        let of = |text| Generation::of(&files(text), "the same".into(), 19_830);
        let (one, other) = (of("a"), of("b"));
        assert!(one.id != other.id && one.address != other.address && one.address.ip().is_loopback());
        let mut written = files("a");
        written.insert(FILE.to_owned(), one.text().into_bytes());
        assert_eq!((id(&written), Generation::read(&written)), (one.id.clone(), Some(one)));
        assert_eq!(Generation::read(&BTreeMap::new()), None);
    }
}
