//! Answering from a folder.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use mime_guess::Mime;
use plimsoll_model::route::RouteSpec;

use super::condition::Validators;
use super::encoding::{self, Encoding};
use super::range::{self, Part};
use super::resolve::{self, Found};
use super::stream::FileBody;
use super::{Site, freshness};
use crate::payload::{self, Payload};
use crate::table::behind;

/// Sizes in bytes between which a file is compressed while it is sent: less gains nothing, more costs too much time.
const SQUEEZED: std::ops::RangeInclusive<u64> = 1 << 10..=4 << 20;

/// A file that is to be sent, and how.
struct Chosen {
    /// Its path, which says what it is.
    path: PathBuf,
    file: File,
    about: Metadata,
    kind: Mime,
    encoding: Option<Encoding>,
    /// Whether it still has to be encoded.
    squeeze: bool,
}

/// Answers `request` from `site`, for a route of this `spec`.
pub(crate) fn respond<B>(site: &Site, spec: &RouteSpec, request: &Request<B>) -> Response<Payload> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return allow(payload::text(StatusCode::METHOD_NOT_ALLOWED, "a site can only be read"));
    }
    let path = request.uri().path();
    let below = if spec.strip_prefix { behind(path, &spec.matches.path).unwrap_or(path) } else { path };
    let (status, path) = match resolve::resolve(&site.root, below) {
        Found::File(path) => (StatusCode::OK, path),
        Found::Folder(path) => return redirect(spec, &path, request.uri().query()),
        Found::Nothing => match instead(site, spec, below, request.headers()) {
            Some(other) => other,
            None => return payload::text(StatusCode::NOT_FOUND, "not found"),
        },
    };
    send(site, request, status, path).unwrap_or_else(|error| {
        tracing::error!(%error, "a file of a site cannot be read");
        payload::text(StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be read")
    })
}

/// What is sent for a path that leads nowhere: the page of an application that knows its paths itself, or the site's
/// own page for that. A script or an image that is missing must not come as a page: it would only be missed later.
fn instead(site: &Site, spec: &RouteSpec, path: &str, headers: &HeaderMap) -> Option<(StatusCode, PathBuf)> {
    let wants_page = headers.get_all(header::ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    let is_page = mime_guess::from_path(path).first().is_none_or(|kind| kind.essence_str() == "text/html");
    let (status, name) = match spec.spa && (is_page || wants_page) {
        true => (StatusCode::OK, "index.html"),
        false => (StatusCode::NOT_FOUND, "404.html"),
    };
    match resolve::file(&site.root, &site.root.join(name)) {
        Found::File(path) => Some((status, path)),
        _ => None,
    }
}

fn send<B>(site: &Site, request: &Request<B>, status: StatusCode, path: PathBuf) -> io::Result<Response<Payload>> {
    let headers = request.headers();
    let range = headers.get(header::RANGE).filter(|_| status == StatusCode::OK && request.method() == Method::GET);
    let mut chosen = choose(site, path, headers, range.is_some())?;
    let validators = validators(site, &mut chosen)?;
    let mut response = Response::new(Payload::empty());
    *response.status_mut() = status;
    describe(response.headers_mut(), &chosen, &validators);
    if status == StatusCode::OK && validators.are_known_to(headers) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    type_of(response.headers_mut(), &chosen);
    let range = range.filter(|_| validators.allow_a_part(headers)).and_then(|range| range.to_str().ok());
    let Some((first, length)) = part(&mut response, range, chosen.about.len()) else { return Ok(response) };
    if !chosen.squeeze {
        response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    }
    if request.method() == Method::GET {
        chosen.file.seek(SeekFrom::Start(first))?;
        *response.body_mut() = Payload::File(FileBody::new(chosen.file, length, chosen.squeeze));
    }
    Ok(response)
}

/// Where to begin and how much to send; nothing when the range lies outside. The response is told.
fn part(response: &mut Response<Payload>, range: Option<&str>, length: u64) -> Option<(u64, u64)> {
    let (status, told, part) = match range::part(range, length) {
        Part::All => return Some((0, length)),
        Part::Bytes { first, last } => (StatusCode::PARTIAL_CONTENT, format!("bytes {first}-{last}/{length}"), Some((first, last - first + 1))),
        Part::Outside => (StatusCode::RANGE_NOT_SATISFIABLE, format!("bytes */{length}"), None),
    };
    *response.status_mut() = status;
    insert(response.headers_mut(), header::CONTENT_RANGE, &told);
    part
}

/// The file, or the one beside it in an encoding that the client takes. A part is always one of the file itself.
fn choose(site: &Site, path: PathBuf, headers: &HeaderMap, whole_only: bool) -> io::Result<Chosen> {
    let kind = mime_guess::from_path(&path).first_or_octet_stream();
    let accept = headers.get(header::ACCEPT_ENCODING).and_then(|accept| accept.to_str().ok());
    let accepted = match accept {
        Some(accept) if !whole_only && encoding::is_compressible(&kind) => encoding::accepted(accept),
        _ => Vec::new(),
    };
    for encoding in &accepted {
        if let Found::File(beside) = resolve::file(&site.root, &beside(&path, *encoding)) {
            let (file, about) = open(&beside)?;
            return Ok(Chosen { path, file, about, kind, encoding: Some(*encoding), squeeze: false });
        }
    }
    let (file, about) = open(&path)?;
    let squeeze = accepted.contains(&Encoding::Gzip) && SQUEEZED.contains(&about.len());
    Ok(Chosen { path, file, about, kind, encoding: squeeze.then_some(Encoding::Gzip), squeeze })
}

fn beside(path: &Path, encoding: Encoding) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(encoding.extension());
    name.into()
}

fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    Ok((file, about))
}

/// Files that were unpacked without their times have one near the epoch, which says nothing.
fn validators(site: &Site, chosen: &mut Chosen) -> io::Result<Validators> {
    let tag = site.tags.of(&chosen.path, &mut chosen.file, &chosen.about)?;
    let tag = match (chosen.encoding, chosen.squeeze) {
        (None, _) => format!("\"{tag}\""),
        (Some(encoding), false) => format!("\"{tag}-{}\"", encoding.name()),
        (Some(encoding), true) => format!("W/\"{tag}-{}\"", encoding.name()),
    };
    let seconds = chosen.about.modified()?.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let changed = (seconds > 86_400 * 365).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    Ok(Validators { tag, changed })
}

/// What belongs to an answer with and without a body.
fn describe(headers: &mut HeaderMap, chosen: &Chosen, validators: &Validators) {
    insert(headers, header::ETAG, &validators.tag);
    if let Some(changed) = validators.changed {
        insert(headers, header::LAST_MODIFIED, &httpdate::fmt_http_date(changed));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(freshness::cache_control(&chosen.path)));
    if encoding::is_compressible(&chosen.kind) {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

fn type_of(headers: &mut HeaderMap, chosen: &Chosen) {
    let is_text = chosen.kind.type_() == "text" || chosen.kind.essence_str() == "application/javascript";
    let charset = if is_text { "; charset=utf-8" } else { "" };
    insert(headers, header::CONTENT_TYPE, &format!("{}{charset}", chosen.kind.essence_str()));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(encoding) = chosen.encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    }
}

fn redirect(spec: &RouteSpec, path: &str, query: Option<&str>) -> Response<Payload> {
    let prefix = if spec.strip_prefix { spec.matches.path.trim_end_matches('/') } else { "" };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let mut response = payload::text(StatusCode::MOVED_PERMANENTLY, "this is a folder");
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    insert(response.headers_mut(), header::LOCATION, &format!("{prefix}{path}{query}"));
    response
}

fn allow(mut response: Response<Payload>) -> Response<Payload> {
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// What cannot stand in a header is left out; nothing that gets here contains such bytes.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
