//! HTTP/1.1 as far as the shop needs it: reads a request, writes a response.
//!
//! Bodies come with a `Content-Length` or in chunks. Connections, and how long they live, are the business
//! of [`crate::server`].

use std::io::{self, BufRead, Read, Write};

/// Longest request line and headers, in bytes.
const MAX_HEAD: u64 = 16 * 1024;
/// Longest body, in bytes.
const MAX_BODY: u64 = 1024 * 1024;

/// A request, with its whole body.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// Its method, such as `GET`.
    pub method: String,
    /// Its path, without the query.
    pub path: String,
    /// What stands behind the `?`; empty when there is none.
    pub query: String,
    /// Its body; empty when there is none.
    pub body: Vec<u8>,
    /// Whether the client wants to send another request over this connection.
    pub keep_alive: bool,
}

/// A response, with its whole body.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code and reason, such as `200 OK`.
    pub status: &'static str,
    /// Media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with a body of this media type.
    pub fn new(status: &'static str, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type, body: body.into() }
    }
}

/// Reads the next request of a connection; `None` when the client closed it. `connection` is written to
/// only when the client waits for leave to send its body.
///
/// # Errors
/// `InvalidData` when it is no request, or too long; else what reading gave.
pub fn read_request(reader: &mut impl BufRead, connection: &mut impl Write) -> io::Result<Option<Request>> {
    let mut head = reader.by_ref().take(MAX_HEAD);
    let Some(first) = read_line(&mut head)? else { return Ok(None) };
    let mut words = first.split(' ');
    let (Some(method), Some(target), Some(protocol), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(invalid("the request line is not METHOD TARGET PROTOCOL"));
    };
    let headers = Headers::read(&mut head, protocol)?;
    if headers.waits_for_continue {
        connection.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let body = if headers.chunked { read_chunks(reader)? } else { read_exactly(reader, headers.content_length)? };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok(Some(Request { method: method.into(), path: path.into(), query: query.into(), body, keep_alive: headers.keep_alive }))
}

/// Writes `response`. `head_only` leaves the body out, as the answer to a HEAD request does; without
/// `keep_alive` the client is told that the connection closes.
///
/// # Errors
/// What writing gave.
pub fn write_response(connection: &mut impl Write, response: &Response, head_only: bool, keep_alive: bool) -> io::Result<()> {
    let connection_header = if keep_alive { "keep-alive" } else { "close" };
    let mut bytes = format!(
        "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {connection_header}\r\n\
         Cache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: Content-Type\r\n\r\n",
        response.status,
        response.content_type,
        response.body.len(),
    )
    .into_bytes();
    if !head_only {
        bytes.extend_from_slice(&response.body);
    }
    connection.write_all(&bytes)
}

/// The headers that decide how a request goes on. All others are read past.
#[derive(Default)]
struct Headers {
    content_length: u64,
    chunked: bool,
    keep_alive: bool,
    waits_for_continue: bool,
}

impl Headers {
    fn read(head: &mut impl BufRead, protocol: &str) -> io::Result<Self> {
        let mut headers = Self { keep_alive: protocol == "HTTP/1.1", ..Self::default() };
        loop {
            let line = read_line(head)?.ok_or_else(|| invalid("the headers end too early"))?;
            if line.is_empty() {
                return Ok(headers);
            }
            let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header has no colon"))?;
            headers.take(&name.to_ascii_lowercase(), &value.trim().to_ascii_lowercase())?;
        }
    }

    fn take(&mut self, name: &str, value: &str) -> io::Result<()> {
        match name {
            "content-length" => self.content_length = value.parse().map_err(|_| invalid("Content-Length is no number"))?,
            "transfer-encoding" => self.chunked = value == "chunked",
            "connection" => self.keep_alive = value != "close" && (self.keep_alive || value == "keep-alive"),
            "expect" => self.waits_for_continue = value == "100-continue",
            _ => {}
        }
        Ok(())
    }
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(&mut reader.by_ref().take(MAX_HEAD))?.ok_or_else(|| invalid("a chunk is missing"))?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| invalid("the size of a chunk is no number"))?;
        if size == 0 {
            break;
        }
        if size.saturating_add(body.len() as u64) > MAX_BODY {
            return Err(invalid("the body is too long"));
        }
        body.extend(read_exactly(reader, size)?);
        read_exactly(reader, 2)?;
    }
    // Headers may follow the last chunk; an empty line ends them.
    while read_line(&mut reader.by_ref().take(MAX_HEAD))?.is_some_and(|line| !line.is_empty()) {}
    Ok(body)
}

fn read_exactly(reader: &mut impl BufRead, length: u64) -> io::Result<Vec<u8>> {
    if length > MAX_BODY {
        return Err(invalid("the body is too long"));
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A line without its end; `None` at the end of the stream.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let text = line.strip_suffix('\n').ok_or_else(|| invalid("a line is too long or cut off"))?;
    Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned()))
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The method, path, query and body of the first request in `bytes`, or why it is none.
    fn read(bytes: &str) -> Result<Option<Request>, String> {
        read_request(&mut bytes.as_bytes(), &mut io::sink()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_both_kinds_of_bodies() {
        let cases = [
            ("GET /a?b=c HTTP/1.1\r\n\r\n", "/a", "b=c", "", true),
            ("POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbodyGET", "/a", "", "body", true),
            ("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2;x=y\r\ndy\r\n0\r\n\r\n", "/a", "", "body", true),
            ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n", "/", "", "", false),
            ("GET / HTTP/1.0\r\n\r\n", "/", "", "", false),
            ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "/", "", "", true),
        ];
        for (bytes, path, query, body, keep_alive) in cases {
            let request = read(bytes).expect(bytes).expect(bytes);
            assert_eq!((request.path.as_str(), request.query.as_str(), request.keep_alive), (path, query, keep_alive), "{bytes}");
            assert_eq!(request.body, body.as_bytes(), "{bytes}");
        }
    }

    #[test]
    fn refuses_what_is_no_request() {
        assert_eq!(read(""), Ok(None));
        let too_long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000));
        for bytes in ["GET /", "GET / HTTP/1.1\r\n", "GET HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", &too_long] {
            assert!(read(bytes).is_err(), "{bytes:.60}");
        }
    }

    #[test]
    fn tells_the_client_when_the_connection_closes() {
        let mut bytes = Vec::new();
        write_response(&mut bytes, &Response::new("200 OK", "text/plain", "hi"), false, false).expect("a Vec takes all");
        let text = String::from_utf8(bytes).expect("all of it is text");
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.contains("\r\nConnection: close\r\n") && text.ends_with("\r\n\r\nhi"), "{text}");
    }
}
