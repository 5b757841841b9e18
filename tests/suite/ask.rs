//! One request, and what is waited for that tells no event.

use std::fmt::Debug;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Far more than anything takes that is waited for.
const LIMIT: Duration = Duration::from_secs(30);

/// The answer to a GET of `url`, head and body; or why there is none.
pub fn try_get(url: &str) -> std::io::Result<String> {
    let (authority, path) = url.trim_start_matches("http://").split_once('/').expect("a URL has a path");
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// The body of a good answer to a GET of `url`.
#[track_caller]
pub fn get(url: &str) -> String {
    let answer = try_get(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{url}: {answer}");
    answer.split_once("\r\n\r\n").expect("a head ends").1.to_owned()
}

/// Asks again and again until the answer is the `wanted` one: for what tells no event that could be awaited.
#[track_caller]
pub fn until<T: PartialEq + Debug>(wanted: T, ask: impl Fn() -> T) {
    let begun = Instant::now();
    loop {
        let answer = ask();
        if answer == wanted {
            return;
        }
        assert!(begun.elapsed() < LIMIT, "it is still {answer:?}, and not {wanted:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
