//! One request, as a person would make it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// Far longer than any answer takes.
const LIMIT: Duration = Duration::from_secs(30);

/// The body of a good answer to a GET of `path`, without the end of its line; or what is wrong.
pub fn body(port: u16, path: &str) -> Result<String, String> {
    let answer = answer(port, path).map_err(|error| error.to_string())?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 200") => Ok(body.trim_end().to_owned()),
        _ => Err(answer),
    }
}

fn answer(port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
