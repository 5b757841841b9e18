//! Asking a route of a host once more, until it answers as it should.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use plimsoll_certificate::{Protocols, pinned};
use plimsoll_engine::RouteCheck;
use plimsoll_model::route::Match;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// For how long a route is asked, all in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long one answer may take.
const ONE_ANSWER: Duration = Duration::from_secs(5);
/// The pause after the first answer that is not good; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long connecting to a route of another machine may take.
const CONNECTING: Duration = Duration::from_secs(3);

/// Where a route is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// On this machine.
    Here,
    /// On the machine with this address.
    There(String),
}

/// Why a route has not answered as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unanswered {
    /// There is no connection to it from here, so nothing is known of it.
    NoWay(String),
    /// What was wrong with its last answer.
    Bad(String),
}

/// GETs what is to be checked through its route until the status is one of 200 to 299. A route of another machine to which there is no connection is not
/// tried again: a firewall may well stand between.
pub(crate) async fn until_answered(place: &Place, check: &RouteCheck) -> Result<(), Unanswered> {
    if let Place::There(address) = place {
        let connected = timeout(CONNECTING, TcpStream::connect((address.as_str(), check.matches.port))).await;
        let why = || format!("no answer within {} s", CONNECTING.as_secs());
        connected.map_err(|_| Unanswered::NoWay(why()))?.map_err(|error| Unanswered::NoWay(error.to_string()))?;
    }
    until_good(place, check).await.map_err(Unanswered::Bad)
}

async fn until_good(place: &Place, check: &RouteCheck) -> Result<(), String> {
    let end = Instant::now() + PATIENCE;
    let mut pause = FIRST_PAUSE;
    loop {
        let why = match get(place, check).await {
            Ok(status) if status.is_success() => return Ok(()),
            Ok(status) => format!("the answer is {status}"),
            Err(why) => why,
        };
        if Instant::now() + pause >= end {
            return Err(why);
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What is asked, as a person would write it.
pub(crate) fn spoken(place: &Place, check: &RouteCheck) -> String {
    format!("{}://{}{}", if check.certificate.is_some() { "https" } else { "http" }, authority(place, check), check.path)
}

impl Place {
    fn address(&self) -> &str {
        match self {
            Self::Here => "127.0.0.1",
            Self::There(address) => address,
        }
    }

    /// What is asked for where a route takes any host.
    fn own(&self) -> &str {
        match self {
            Self::Here => "localhost",
            Self::There(address) => address,
        }
    }
}

fn authority(place: &Place, check: &RouteCheck) -> String {
    let usual = if check.certificate.is_some() { 443 } else { 80 };
    let Match { port, host, .. } = &check.matches;
    let host = host.as_deref().unwrap_or(place.own());
    if *port == usual { host.to_owned() } else { format!("{host}:{port}") }
}

async fn get(place: &Place, check: &RouteCheck) -> Result<StatusCode, String> {
    match timeout(ONE_ANSWER, once(place, check)).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", ONE_ANSWER.as_secs())),
    }
}

type Trouble = Box<dyn std::error::Error + Send + Sync>;

async fn once(place: &Place, check: &RouteCheck) -> Result<StatusCode, Trouble> {
    let stream = TcpStream::connect((place.address(), check.matches.port)).await?;
    let request = Request::get(&check.path).header(header::HOST, authority(place, check)).header(header::CONNECTION, "close");
    let request = request.body(Empty::<Bytes>::new())?;
    let Some(certificate) = check.certificate else { return over(stream, request).await };
    let name = ServerName::try_from(check.matches.host.as_deref().unwrap_or(place.own()).to_owned())?;
    over(TlsConnector::from(pinned(certificate, Protocols::Http1)).connect(name, stream).await?, request).await
}

async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send, request: Request<Empty<Bytes>>) -> Result<StatusCode, Trouble> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answer = async move {
        let response = sender.send_request(request).await?;
        let status = response.status();
        // An answer that breaks off is none.
        response.into_body().collect().await?;
        Ok(status)
    };
    // The connection ends when nobody can send on it any more; when it breaks before, the answer says so.
    let (answer, _) = tokio::join!(answer, connection);
    answer
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn plain(matches: Match, path: &str) -> RouteCheck {
        RouteCheck { component: "web".parse().unwrap(), matches, path: path.into(), certificate: None }
    }

    /// Answers one request on each connection, one after the other, and gives what was asked.
    async fn answering(answers: &[&str], matches: impl Fn(u16) -> Match, path: &str) -> (Result<(), Unanswered>, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let matches = matches(listener.local_addr().unwrap().port());
        let serve = async {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                asked.push(String::from_utf8_lossy(&request[..length]).into_owned());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            asked
        };
        let check = plain(matches, path);
        let (asked, done) = tokio::join!(serve, until_answered(&Place::Here, &check));
        (done, asked)
    }

    #[tokio::test]
    async fn a_route_is_asked_until_it_answers_well() {
        let answers = ["HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut", "HTTP/1.1 204 x\r\n\r\n"];
        let matches = |port| Match { port, host: Some("shop.example".into()), path: "/api".into() };
        let (done, asked) = answering(&answers, matches, "/api/health?x=1").await;
        assert_eq!(done, Ok(()));
        assert_eq!(asked.len(), 3);
        assert!(asked[0].starts_with("GET /api/health?x=1 HTTP/1.1\r\nhost: shop.example:"), "{}", asked[0]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_answer_is_given_up() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let check = plain(Match { port, host: None, path: "/".into() }, "/");
        let why = until_answered(&Place::Here, &check).await.unwrap_err();
        assert!(matches!(&why, Unanswered::Bad(why) if why.contains("refused")), "{why:?}");
    }

    #[tokio::test]
    async fn a_route_elsewhere_to_which_there_is_no_connection_is_not_judged() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let (there, check) = (Place::There("127.0.0.1".into()), plain(Match { port, host: None, path: "/".into() }, "/health"));
        let why = until_answered(&there, &check).await.unwrap_err();
        assert!(matches!(&why, Unanswered::NoWay(why) if why.contains("refused")), "{why:?}");
        assert_eq!(spoken(&there, &check), format!("http://127.0.0.1:{port}/health"));
    }
}
