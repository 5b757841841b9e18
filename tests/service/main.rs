//! The program that the projects of the tests deploy. It answers HTTP on `PORT`, and behaves as the file `service.txt` of its
//! release says: a version, then any of the words in [`Behaviour`].

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long a slow handler takes.
const SLOW: Duration = Duration::from_millis(300);

/// What `service.txt` says.
#[derive(Debug, Default)]
struct Behaviour {
    /// Told by every answer.
    version: String,
    /// `exits`: ends at once, with an error.
    exits: bool,
    /// `hangs`: never listens.
    hangs: bool,
    /// `unhealthy`: refuses its health check.
    unhealthy: bool,
    /// `unhealthy-outside`: refuses its health check when it comes through the proxy.
    unhealthy_outside: bool,
    /// `stops-slowly`: takes a second to end when it is asked to.
    stops_slowly: bool,
    /// `prints=VARIABLE`, any number of times: writes what that variable holds on both of its streams.
    prints: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Ok(text) = std::fs::read_to_string("service.txt") else {
        eprintln!("there is no service.txt here");
        return ExitCode::FAILURE;
    };
    let behaviour = Behaviour::read(&text);
    println!("version {} starts", behaviour.version);
    for variable in &behaviour.prints {
        let value = std::env::var(variable).unwrap_or_default();
        println!("{variable} is {value}");
        eprintln!("{variable} is {value}");
    }
    if behaviour.exits {
        eprintln!("version {} cannot go on", behaviour.version);
        return ExitCode::from(3);
    }
    if behaviour.hangs {
        std::future::pending::<()>().await;
    }
    serve(behaviour).await;
    ExitCode::SUCCESS
}

impl Behaviour {
    fn read(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let mut behaviour = Self { version: words.next().unwrap_or_default().to_owned(), ..Self::default() };
        for word in words {
            match word {
                "exits" => behaviour.exits = true,
                "hangs" => behaviour.hangs = true,
                "unhealthy" => behaviour.unhealthy = true,
                "unhealthy-outside" => behaviour.unhealthy_outside = true,
                "stops-slowly" => behaviour.stops_slowly = true,
                other => behaviour.prints.push(other.strip_prefix("prints=").expect("the word is known").to_owned()),
            }
        }
        behaviour
    }

    fn health(&self, headers: &HeaderMap) -> StatusCode {
        let outside = headers.contains_key("x-forwarded-for");
        let refused = self.unhealthy || (self.unhealthy_outside && outside);
        if refused { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    }
}

async fn serve(behaviour: Behaviour) {
    let port = std::env::var("PORT").expect("a slot is given its port").parse().expect("a port is a number");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("the port is free");
    let behaviour = Arc::new(behaviour);
    let router = Router::new()
        .route("/", get(version))
        .route("/slow", get(slow))
        .route("/echo", post(echo))
        .route("/health", get(async |State(behaviour): State<Arc<Behaviour>>, headers: HeaderMap| behaviour.health(&headers)))
        .with_state(Arc::clone(&behaviour));
    axum::serve(listener, router).with_graceful_shutdown(asked_to_stop()).await.expect("accepting goes on");
    if behaviour.stops_slowly {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn asked_to_stop() {
    signal(SignalKind::terminate()).expect("signals can be heard").recv().await;
}

async fn version(State(behaviour): State<Arc<Behaviour>>) -> String {
    format!("version {}", behaviour.version)
}

async fn slow(State(behaviour): State<Arc<Behaviour>>) -> String {
    tokio::time::sleep(SLOW).await;
    format!("version {}", behaviour.version)
}

async fn echo(State(behaviour): State<Arc<Behaviour>>, body: Bytes) -> String {
    format!("version {} got {}", behaviour.version, String::from_utf8_lossy(&body))
}
