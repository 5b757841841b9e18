//! What a daemon answers to requests that no client of ours makes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "these tests need a part of it")]
mod fake;

use std::path::Path;

use fake::{Fake, Served, id, key};
use plimsoll_api::wire::PROTOCOL;
use plimsoll_api::wire::frame::{Form, FrameHead};
use plimsoll_api::{HostApi, HostError};
use plimsoll_host::folders::Folders;
use plimsoll_model::release::{FileContent, FileEntry, ReleaseManifest};
use plimsoll_model::{Digest, RelPath};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// Speaks HTTP/1.1, as `curl` would. Gives the status and the body.
async fn ask(folder: &Path, request: &str, headers: &str, body: &[u8]) -> (u16, String) {
    let mut stream = UnixStream::connect(Folders::new(folder).socket()).await.unwrap();
    let head = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn refusal(folder: &Path, request: &str, headers: &str, body: &[u8]) -> (u16, HostError) {
    let (status, body) = ask(folder, request, headers, body).await;
    (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_reason() {
    let served = Served::new(Fake::default());
    for (request, body, status, reason) in [
        ("POST /v1/observe", "", 422, "the body is not a look: EOF while parsing a value at line 1 column 0"),
        ("POST /v1/observe", "{}", 422, "missing field `key`"),
        ("POST /v1/observe", "\u{fffd}[[[[", 422, "the body is not a look"),
        ("POST /v1/releases/offer", "[1, 2]", 422, "the body is not a release"),
        ("POST /v1/deployments/d-1/orders", r#"{"order": "explode"}"#, 422, "unknown variant `explode`"),
        ("POST /v1/deployments/..%2F..%2Fx/renew", "", 422, "a name is made of"),
        ("GET /v1/services?project=shop", "", 422, "missing field `environment`"),
        ("GET /v1/deployments?project=shop&environment=dev&limit=many", "", 422, "limit: invalid digit"),
        ("POST /v1/releases/files", "short", 422, "the files were cut off"),
        ("GET /v1/observe", "", 404, "GET /v1/observe here"),
        ("GET /v2/facts", "", 404, "GET /v2/facts here"),
    ] {
        let (got, error) = refusal(served.folder.path(), request, "", body.as_bytes()).await;
        assert!(got == status && error.to_string().contains(reason), "{request} {body}: {got} {error:?}");
    }
}

#[tokio::test]
async fn a_body_that_may_hold_secrets_is_not_repeated() {
    let served = Served::new(Fake::default());
    for (request, body) in [
        ("POST /v1/secrets/digest", r#"{"key": {"project": "a", "environment": "b"}, "values": {"c": "hunter22"}}"#),
        ("POST /v1/deployments", r#"{"secrets": {"c": "hunter22"}}"#),
    ] {
        let (status, error) = refusal(served.folder.path(), request, "", body.as_bytes()).await;
        assert!(status == 422 && error.to_string().contains("line 1 column") && !format!("{error:?}").contains("hunter22"), "{error:?}");
    }
}

#[tokio::test]
async fn errors_have_statuses_that_fit() {
    let served = Served::new(Fake::default());
    for (error, status) in [
        (HostError::NotFound("x".into()), 404),
        (HostError::LeaseLost(id()), 409),
        (HostError::Stale(plimsoll_model::HostName::local()), 412),
        (HostError::Unfit("x".into()), 422),
        (HostError::Internal(plimsoll_model::deployment::Failure::new("a", "b")), 500),
    ] {
        *served.host.error.lock().unwrap() = Some(error.clone());
        assert_eq!(refusal(served.folder.path(), "GET /v1/facts", "", b"").await, (status, error));
    }
}

#[tokio::test]
async fn a_newer_client_is_refused_unless_it_is_about_to_replace_the_daemon() {
    let served = Served::new(Fake::default());
    let services = format!("GET /v1/services?project={}&environment={}", key().project, key().environment);
    let newer = format!("plimsoll-protocol: {}\r\n", PROTOCOL + 1);
    for (request, version, status) in [
        (services.as_str(), "plimsoll-protocol: 1\r\n", 200),
        (services.as_str(), "", 200),
        (services.as_str(), newer.as_str(), 403),
        (services.as_str(), "plimsoll-protocol: one\r\n", 422),
        ("GET /v1/facts", newer.as_str(), 200),
    ] {
        assert_eq!(ask(served.folder.path(), request, version, b"").await.0, status, "{request} {version}");
    }
    let (_, error) = refusal(served.folder.path(), &services, &newer, b"").await;
    assert_eq!(error.code(), "protocol-newer");
    assert_eq!(ask(served.folder.path(), "POST /v1/stop", &newer, br#"{"everything": false}"#).await, (200, "null".into()));
    served.server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let served = Served::new(Fake::default());
    let entry = |number: u32| {
        let content = FileContent::Link { target: "x".repeat(4000) };
        FileEntry { path: RelPath::new(&number.to_string()).unwrap(), content }
    };
    let release = |entries| ReleaseManifest { files: (0..entries).map(entry).collect(), ..fake::release() };
    served.client().offer(&release(4000)).await.unwrap();
    let error = served.client().offer(&release(4500)).await.unwrap_err();
    assert!(matches!(&error, HostError::Unfit(why) if why.contains("length limit exceeded")), "{error:?}");
}

#[tokio::test]
async fn frames_are_taken_whole_or_not_at_all() {
    let served = Served::new(Fake::default());
    let frame =
        |size, content: &[u8]| [FrameHead { digest: Digest::of(b"0123456789"), size, form: Form::Whole }.encode().as_slice(), content].concat();
    let mut unknown = frame(10, b"0123456789");
    unknown[40] = 2;
    for (body, code, reason) in [
        (frame(10, b"01234"), "content-differs", "5 bytes of a file are missing"),
        (frame(u64::MAX, b"0123456789"), "content-differs", "bytes of a file are missing"),
        (frame(9, b"0123456789"), "content-differs", "another hash"),
        (unknown, "request-unfit", "a form that is not known"),
        (frame(10, b"0123456789")[..40].to_vec(), "request-unfit", "the files were cut off"),
    ] {
        let (_, error) = refusal(served.folder.path(), "POST /v1/releases/files", "", &body).await;
        assert!(error.code() == code && error.to_string().contains(reason), "{error:?}");
        assert!(served.host.taken.lock().unwrap().is_empty(), "{error:?}");
    }
    // The second time, its content is left unread.
    let other = [FrameHead { digest: Digest::of(b"other"), size: 5, form: Form::Whole }.encode().as_slice(), b"other"].concat();
    let body = [frame(10, b"0123456789").repeat(2), other].concat();
    assert_eq!(ask(served.folder.path(), "POST /v1/releases/files", "", &body).await, (200, "null".into()));
    assert_eq!(served.host.taken.lock().unwrap().len(), 2);
}
