//! What every request passes before the protocol begins: whom it is meant for, where it comes from, and who sends it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use plimsoll_model::Secret;
use plimsoll_ops::{Answer, Exit, Grant, OpError};
use rmcp::ServerHandler;
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;

use super::PATH;
use super::names::Names;

/// Says what the holder of a token may do; asked anew for each request. None is shown where none was sent.
pub type Admit = Arc<dyn Fn(Option<&Secret<String>>) -> Result<Grant, OpError> + Send + Sync>;

/// How many sessions there may be at once, of clients that speak a revision which has them.
const SESSIONS: usize = 100;

/// For how long a client is to wait when there are as many, in seconds.
const WAIT: &str = "60";

/// The first revision without sessions.
const STATELESS: &str = "2026-07-28";

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const REVISION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// What is answered.
pub(super) type Answered = Response<BoxBody<Bytes, Infallible>>;

/// What stands before a handler.
pub(super) struct Gate<H> {
    pub(super) names: Names,
    pub(super) admit: Admit,
    pub(super) sessions: Arc<LocalSessionManager>,
    pub(super) protocol: StreamableHttpService<H, LocalSessionManager>,
    /// With which token each session was begun: nobody else takes part in it.
    pub(super) owners: Mutex<HashMap<String, String>>,
}

impl<H: ServerHandler + Send + 'static> Gate<H> {
    /// Answers a request, if it may be made.
    pub(super) async fn answer(&self, mut request: Request<Incoming>) -> Answered {
        let grant = match self.pass(&request).await {
            Ok(grant) => grant,
            Err(refusal) => return refusal,
        };
        let owner = grant.id.clone();
        request.extensions_mut().insert(grant);
        // It was of use here, and is no one else's business.
        request.headers_mut().remove(AUTHORIZATION);
        let answered = self.protocol.handle(request).await;
        if let Some(session) = session(answered.headers()) {
            self.own(session, owner).await;
        }
        answered
    }

    async fn pass(&self, request: &Request<Incoming>) -> Result<Grant, Answered> {
        if !self.names.allow(request.uri(), request.headers()) {
            let help = "speak to it as localhost, or by the address that it listens at; a person can start it with --allow-host for more";
            return Err(refused(StatusCode::FORBIDDEN, "host-not-allowed", "the Host or the Origin of this request is none of this server's", help));
        }
        if request.uri().path() != PATH {
            return Err(refused(StatusCode::NOT_FOUND, "no-such-path", "nothing is here", &format!("the protocol is spoken at {PATH}")));
        }
        let grant = self.identify(request.headers()).await?;
        self.judge_session(request, &grant).await?;
        Ok(grant)
    }

    /// Whose token it is that a request shows.
    async fn identify(&self, headers: &HeaderMap) -> Result<Grant, Answered> {
        let (admit, shown) = (Arc::clone(&self.admit), bearer(headers));
        let missing = shown.is_none();
        let judged = tokio::task::spawn_blocking(move || admit(shown.as_ref())).await;
        judged.unwrap_or_else(|error| Err(OpError::new(Exit::Bug, "bug", error.to_string()))).map_err(|error| turned_away(&error, missing))
    }

    async fn judge_session(&self, request: &Request<Incoming>, grant: &Grant) -> Result<(), Answered> {
        if let Some(session) = session(request.headers()) {
            let owner = self.owners.lock().unwrap_or_else(PoisonError::into_inner).get(session).cloned();
            if owner.is_some_and(|owner| owner != grant.id) {
                return Err(refused(StatusCode::NOT_FOUND, "session-missing", "there is no such session", "begin another one, with initialize"));
            }
            return Ok(());
        }
        let begins =
            request.method() == Method::POST && request.headers().get(REVISION).is_none_or(|revision| revision.as_bytes() < STATELESS.as_bytes());
        if begins && self.sessions.sessions.read().await.len() >= SESSIONS {
            let mut busy =
                refused(StatusCode::SERVICE_UNAVAILABLE, "too-many-sessions", "there are too many sessions", "end others, or ask again later");
            busy.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(WAIT));
            return Err(busy);
        }
        Ok(())
    }

    /// Remembers with which token a session was begun, and forgets those that are over.
    async fn own(&self, session: &str, owner: String) {
        let alive = self.sessions.sessions.read().await;
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.retain(|session, _| alive.contains_key(session.as_str()));
        owners.entry(session.to_owned()).or_insert(owner);
    }
}

fn session(headers: &HeaderMap) -> Option<&str> {
    headers.get(SESSION)?.to_str().ok()
}

/// The token that a request shows (RFC 6750, 2.1): in its head, and nowhere else.
fn bearer(headers: &HeaderMap) -> Option<Secret<String>> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token.trim().to_owned()))
}

/// What somebody is told whose token is not taken.
fn turned_away(error: &OpError, missing: bool) -> Answered {
    let (status, challenge) = match error.code.as_str() {
        _ if error.exit != Exit::Refused => (StatusCode::INTERNAL_SERVER_ERROR, None),
        "token-elsewhere" => (StatusCode::FORBIDDEN, Some("Bearer error=\"insufficient_scope\"")),
        _ if missing => (StatusCode::UNAUTHORIZED, Some("Bearer")),
        _ => (StatusCode::UNAUTHORIZED, Some("Bearer error=\"invalid_token\"")),
    };
    let mut answered = told(status, error);
    if let Some(challenge) = challenge {
        answered.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    answered
}

fn refused(status: StatusCode, code: &str, message: &str, help: &str) -> Answered {
    told(status, &OpError::new(Exit::Refused, code, message).with_help(help))
}

/// The document that a failure has everywhere.
fn told(status: StatusCode, error: &OpError) -> Answered {
    let document = serde_json::to_vec(&Answer::of_error(error, None)).expect("answers are made of strings, numbers and maps with string keys");
    let mut answered = Response::new(Full::new(Bytes::from(document)).boxed());
    *answered.status_mut() = status;
    answered.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_in_one_way() {
        for (value, expect) in [("Bearer abc", Some("abc")), ("bearer  abc ", Some("abc")), ("Bearer", None), ("Basic abc", None), ("abc", None)] {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
            assert_eq!(bearer(&headers).map(|token| token.expose().clone()).as_deref(), expect, "{value}");
        }
        assert!(bearer(&HeaderMap::new()).is_none());
    }

    #[test]
    fn who_is_turned_away_learns_how() {
        let check = |exit: Exit, code: &str, missing: bool, status: u16, challenge: Option<&str>| {
            let answered = turned_away(&OpError::new(exit, code, "no"), missing);
            let told = answered.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap());
            assert_eq!((answered.status().as_u16(), told), (status, challenge), "{code}");
        };
        check(Exit::Refused, "token-missing", true, 401, Some("Bearer"));
        check(Exit::Refused, "token-unknown", false, 401, Some("Bearer error=\"invalid_token\""));
        check(Exit::Refused, "token-elsewhere", false, 403, Some("Bearer error=\"insufficient_scope\""));
        check(Exit::Host, "tokens-unusable", false, 500, None);
    }
}
