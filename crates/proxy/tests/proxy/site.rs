//! A site as a browser sees it.

use std::io::Read;
use std::path::Path;

use plimsoll_model::route::Route;

use crate::support::client::{Answer, Connection, request};
use crate::support::table::{below, to_site, with};
use crate::support::{Proxy, free_port};

const PAGE: &str = "<h1>home</h1>";

/// A folder with a site; its script is large enough to be compressed.
fn site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("index.html", PAGE);
    write("docs/index.html", "docs");
    write("app.3f2a9c1b.js", &"let x = 1;\n".repeat(1000));
    write("style.css", &"a { color: red }\n".repeat(100));
    write("style.css.br", "brotli");
    write("style.css.gz", "gzip");
    write("digits.bin", "0123456789");
    write("404.html", "lost");
    write(".env", "SECRET=1");
    folder
}

struct Visit {
    proxy: Proxy,
    connection: Connection,
}

async fn visit(root: &Path, change: impl FnOnce(Route) -> Route) -> Visit {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    proxy.put(vec![change(to_site(port, root))]).await.unwrap();
    Visit { proxy, connection: Connection::open(port).await }
}

impl Visit {
    async fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.connection.ask(request(method, path, headers, "")).await
    }
}

#[tokio::test]
async fn paths_lead_to_files() {
    let root = site();
    let mut visit = visit(root.path(), |route| route).await;
    for (method, path, status, body) in [
        ("GET", "/", 200, PAGE),
        ("GET", "/index.html", 200, PAGE),
        ("GET", "/docs/", 200, "docs"),
        ("GET", "/docs/?q", 200, "docs"),
        ("GET", "/missing", 404, "lost"),
        ("GET", "/.env", 404, "lost"),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404, "lost"),
        ("HEAD", "/", 200, ""),
        ("POST", "/", 405, "a site can only be read\n"),
        ("DELETE", "/missing", 405, "a site can only be read\n"),
    ] {
        let answer = visit.ask(method, path, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, body), "{method} {path}");
    }
    let head = visit.ask("HEAD", "/", &[]).await;
    assert_eq!(head.header("content-length"), Some("13"));
    assert_eq!(visit.ask("POST", "/", &[]).await.header("allow"), Some("GET, HEAD"));
    visit.proxy.stop().await;
}

#[tokio::test]
async fn a_folder_is_named_with_its_slash() {
    let root = site();
    let mut plain = visit(root.path(), |route| route).await;
    for (path, location) in [("/docs", "/docs/"), ("/docs?a=b", "/docs/?a=b"), ("//docs", "/docs/")] {
        let answer = plain.ask("GET", path, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (301, Some(location)), "{path}");
    }
    let mut prefixed = visit(root.path(), |route| below("/pre", with(route, |spec| spec.strip_prefix = true))).await;
    for (path, location) in [("/pre", "/pre/"), ("/pre/docs", "/pre/docs/")] {
        assert_eq!(prefixed.ask("GET", path, &[]).await.header("location"), Some(location), "{path}");
    }
    assert_eq!(prefixed.ask("GET", "/pre/docs/", &[]).await.text(), "docs");
    plain.proxy.stop().await;
    prefixed.proxy.stop().await;
}

#[tokio::test]
async fn an_application_knows_its_paths_itself() {
    let root = site();
    let mut visit = visit(root.path(), |route| with(route, |spec| spec.spa = true)).await;
    for (path, accept, status, body) in [
        ("/orders/7", "*/*", 200, PAGE),
        ("/users/a.b", "text/html,*/*", 200, PAGE),
        ("/old.3f2a9c1b.js", "*/*", 404, "lost"),
        ("/docs/", "*/*", 200, "docs"),
    ] {
        let answer = visit.ask("GET", path, &[("accept", accept)]).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (status, body), "{path}");
    }
    visit.proxy.stop().await;
}

#[tokio::test]
async fn files_say_what_they_are_and_how_long_they_last() {
    let root = site();
    let mut visit = visit(root.path(), |route| route).await;
    for (path, kind, keep) in [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/app.3f2a9c1b.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/style.css", "text/css; charset=utf-8", "public, max-age=60"),
        ("/digits.bin", "application/octet-stream", "public, max-age=60"),
    ] {
        let answer = visit.ask("GET", path, &[]).await;
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), (Some(kind), Some(keep)), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    visit.proxy.stop().await;
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let root = site();
    let mut visit = visit(root.path(), |route| route).await;
    let first = visit.ask("GET", "/", &[]).await;
    let (tag, changed) = (first.header("etag").unwrap().to_owned(), first.header("last-modified").unwrap().to_owned());
    for (name, value, status) in
        [("if-none-match", tag.as_str(), 304), ("if-none-match", "\"other\"", 200), ("if-modified-since", &changed, 304), ("if-none-match", "*", 304)]
    {
        let answer = visit.ask("GET", "/", &[(name, value)]).await;
        assert_eq!((answer.status.as_u16(), answer.body.is_empty()), (status, status == 304), "{name}: {value}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()), "{name}: {value}");
    }

    // The same content elsewhere, as another release has it, and other content of the same size.
    let (same, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(same.path().join("index.html"), PAGE).unwrap();
    std::fs::write(other.path().join("index.html"), PAGE.to_uppercase()).unwrap();
    for (folder, status) in [(same, 304), (other, 200)] {
        let mut next = self::visit(folder.path(), |route| route).await;
        assert_eq!(next.ask("GET", "/", &[("if-none-match", &tag)]).await.status, status);
        next.proxy.stop().await;
    }
    visit.proxy.stop().await;
}

#[tokio::test]
async fn parts_of_files() {
    let root = site();
    let mut visit = visit(root.path(), |route| route).await;
    let tag = visit.ask("GET", "/digits.bin", &[]).await.header("etag").unwrap().to_owned();
    for (headers, status, told, body) in [
        (vec![("range", "bytes=2-4")], 206, Some("bytes 2-4/10"), "234"),
        (vec![("range", "bytes=-3")], 206, Some("bytes 7-9/10"), "789"),
        (vec![("range", "bytes=2-4"), ("if-range", tag.as_str())], 206, Some("bytes 2-4/10"), "234"),
        (vec![("range", "bytes=2-4"), ("if-range", "\"other\"")], 200, None, "0123456789"),
        (vec![("range", "bytes=10-")], 416, Some("bytes */10"), ""),
        (vec![("range", "bytes=0-1,3-4")], 200, None, "0123456789"),
    ] {
        let answer = visit.ask("GET", "/digits.bin", &headers).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-range"), answer.text()), (status, told, body), "{headers:?}");
    }
    let part = visit.ask("GET", "/style.css", &[("range", "bytes=0-0"), ("accept-encoding", "br")]).await;
    assert_eq!((part.text(), part.header("content-encoding")), ("a", None), "a part is one of the file itself");
    assert_eq!(visit.ask("HEAD", "/digits.bin", &[("range", "bytes=2-4")]).await.status, 200);
    visit.proxy.stop().await;
}

#[tokio::test]
async fn encodings() {
    let root = site();
    let mut visit = visit(root.path(), |route| route).await;
    let mut tags = Vec::new();
    for (accept, encoding, body) in [("gzip, br", Some("br"), "brotli"), ("gzip", Some("gzip"), "gzip"), ("zstd, gzip;q=0", None, "a { color")] {
        let answer = visit.ask("GET", "/style.css", &[("accept-encoding", accept)]).await;
        assert_eq!((answer.header("content-encoding"), answer.header("vary")), (encoding, Some("accept-encoding")), "{accept}");
        assert!(answer.text().starts_with(body), "{accept}");
        tags.push(answer.header("etag").unwrap().to_owned());
    }
    tags.dedup();
    assert_eq!(tags.len(), 3, "each encoding has its own tag");

    let squeezed = visit.ask("GET", "/app.3f2a9c1b.js", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(squeezed.header("content-encoding"), Some("gzip"));
    assert!(squeezed.body.len() < 1000 && squeezed.header("etag").unwrap().starts_with("W/"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&squeezed.body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "let x = 1;\n".repeat(1000));
    let head = visit.ask("HEAD", "/app.3f2a9c1b.js", &[("accept-encoding", "gzip")]).await;
    assert_eq!((head.header("content-encoding"), head.header("content-length")), (Some("gzip"), None));
    assert_eq!(visit.ask("GET", "/", &[("accept-encoding", "gzip")]).await.header("content-encoding"), None, "too small to gain");
    visit.proxy.stop().await;
}

#[tokio::test]
async fn large_files_come_whole() {
    let root = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(root.path().join("large.json"), &bytes).unwrap();
    std::fs::write(root.path().join("squeezed.json"), &bytes[..3_000_000]).unwrap();
    let mut visit = visit(root.path(), |route| route).await;
    let whole = visit.ask("GET", "/large.json", &[("accept-encoding", "gzip")]).await;
    assert_eq!(whole.header("content-encoding"), None, "too large to be compressed each time");
    assert!(whole.body == bytes);
    let squeezed = visit.ask("GET", "/squeezed.json", &[("accept-encoding", "gzip")]).await;
    let mut back = Vec::new();
    flate2::read::GzDecoder::new(&squeezed.body[..]).read_to_end(&mut back).unwrap();
    assert!(back == bytes[..3_000_000]);
    visit.proxy.stop().await;
}
