//! One request of ACME: HTTP over TLS, and within it what its sender has signed. Signatures are taken as they are.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// A request, as it came.
pub struct Asked {
    pub method: String,
    pub path: String,
    /// The head of what was signed: the nonce, the URL, and who signed it.
    pub head: Value,
    /// What was signed; null where nothing was to be said.
    pub said: Value,
}

/// An answer: status, headers, body.
pub struct Answer(pub u16, pub Vec<(&'static str, String)>, pub String);

/// Answers the one request of a connection.
pub fn serve(stream: TcpStream, config: &Arc<ServerConfig>, answer: impl FnOnce(Asked) -> Answer) -> io::Result<()> {
    let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    let asked = read(&mut stream)?;
    let Answer(status, headers, body) = answer(asked);
    let headers: String = headers.into_iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let stream = stream.get_mut();
    write!(stream, "HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn read(stream: &mut impl BufRead) -> io::Result<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut length = 0;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header)?;
        match header.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().map_err(io::Error::other)?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let signed: Value = serde_json::from_slice(&body).unwrap_or_default();
    let part = |name: &str| serde_json::from_slice(&decode(signed[name].as_str().unwrap_or_default())).unwrap_or_default();
    Ok(Asked { method, path, head: part("protected"), said: part("payload") })
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What Base64 for URLs stands for.
pub fn decode(text: &str) -> Vec<u8> {
    let bits: Vec<u8> = text.bytes().map(|letter| LETTERS.iter().position(|known| *known == letter).expect("it is Base64") as u8).collect();
    let whole = bits.chunks(4).flat_map(|chunk| {
        let number = chunk.iter().fold(0_u32, |number, bits| number << 6 | u32::from(*bits)) << (6 * (4 - chunk.len()));
        number.to_be_bytes()[1..chunk.len()].to_vec()
    });
    whole.collect()
}

/// The same the other way round.
pub fn encode(bytes: &[u8]) -> String {
    let letters = bytes.chunks(3).flat_map(|chunk| {
        let number = chunk.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..=chunk.len()).map(move |place| LETTERS[(number >> (18 - 6 * place) & 63) as usize] as char)
    });
    letters.collect()
}

#[test]
fn base64_leads_there_and_back() {
    for text in ["", "a", "ab", "abc", "abcd", "\u{fb}\u{ff}"] {
        assert_eq!(decode(&encode(text.as_bytes())), text.as_bytes());
    }
    assert_eq!(encode(b"any carnal pleas"), "YW55IGNhcm5hbCBwbGVhcw");
}
