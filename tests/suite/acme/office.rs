//! An authority that issues certificates by ACME: it does fetch the proof, from the one machine that all of its host names lead to.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::wire::{Answer, Asked, decode, encode, serve};
use crate::tls::authority::Authority;

/// A running authority. It ends with the process.
pub struct Office {
    pub authority: Authority,
    /// Where it listens.
    pub port: u16,
    desk: Mutex<Desk>,
    /// Told when it is to go on.
    go_on: Condvar,
    issued: Mutex<Receiver<()>>,
}

/// What it knows, and how it is minded.
struct Desk {
    /// The port where it looks for proofs, as others have 80.
    looks_at: u16,
    /// How long its certificates are valid.
    lasts: Duration,
    /// What it answers to orders in their place: status, problem, `Retry-After`.
    refuses: Option<(u16, Value, Option<u32>)>,
    /// It waits before it issues the next certificate.
    waits: bool,
    nonces: BTreeSet<String>,
    /// How many it has given.
    nonce: u32,
    /// Each account, by the thumbprint of its key.
    accounts: Vec<String>,
    orders: Vec<Order>,
    tell: Sender<()>,
}

struct Order {
    host: String,
    token: String,
    account: usize,
    status: &'static str,
    problem: Value,
    chain: String,
}

impl Office {
    /// Opens on `port`. It looks for proofs at `looks_at` of this machine.
    pub fn open(port: u16, looks_at: u16) -> Arc<Self> {
        let authority = Authority::new();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let (tell, issued) = mpsc::channel();
        let desk = Desk {
            looks_at,
            lasts: Duration::from_secs(90 * 86_400),
            refuses: None,
            waits: false,
            nonces: BTreeSet::new(),
            nonce: 0,
            accounts: Vec::new(),
            orders: Vec::new(),
            tell,
        };
        let config = authority.server("localhost");
        let office = Arc::new(Self { authority, port, desk: Mutex::new(desk), go_on: Condvar::new(), issued: Mutex::new(issued) });
        let own = Arc::clone(&office);
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| own.take_in(stream, &config)));
        office
    }

    fn take_in(self: &Arc<Self>, stream: TcpStream, config: &Arc<ServerConfig>) {
        let (office, config) = (Arc::clone(self), Arc::clone(config));
        // Whoever goes away in the middle is not to be answered.
        std::thread::spawn(move || serve(stream, &config, |asked| office.answer(asked)).ok());
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("nobody panics with it")
    }

    /// How to make an environment's certificates come from here; the file of its own certificate is `root`.
    pub fn wish(&self, root: &str) -> String {
        format!("acme = {{ contact = \"ops@shop.example\", directory = \"{}\", root = \"{root}\" }}", self.url("directory"))
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.port)
    }

    /// Makes its certificates valid for that long.
    pub fn lasting(&self, lasts: Duration) {
        self.desk().lasts = lasts;
    }

    /// Refuses all orders from now on, in these words.
    pub fn refuse(&self, kind: &str, words: &str, retry_after_s: Option<u32>) {
        self.desk().refuses = Some((403, problem(kind, words), retry_after_s));
    }

    /// Refuses no more.
    pub fn relent(&self) {
        self.desk().refuses = None;
    }

    /// Looks for proofs elsewhere from now on.
    pub fn look_at(&self, port: u16) {
        self.desk().looks_at = port;
    }

    /// Waits before the next certificate, until it is to [go on](Self::go_on).
    pub fn hold(&self) {
        self.desk().waits = true;
    }

    /// Goes on.
    pub fn go_on(&self) {
        self.desk().waits = false;
        self.go_on.notify_all();
    }

    /// How many orders it was given.
    pub fn orders(&self) -> usize {
        self.desk().orders.len()
    }

    /// Waits until it has issued one more, or is about to.
    pub fn await_one(&self) {
        self.issued.lock().expect("one waits at a time").recv_timeout(Duration::from_secs(60)).expect("a certificate is asked for");
    }

    fn answer(&self, asked: Asked) -> Answer {
        let (what, number) = asked.path[1..].split_once('/').unwrap_or((&asked.path[1..], "0"));
        let number: usize = number.parse().unwrap_or_default();
        let nonce = self.desk().next_nonce();
        if asked.method == "POST" {
            let used = asked.head["nonce"].as_str().unwrap_or_default();
            if !self.desk().nonces.remove(used) || asked.head["url"] != self.url(&asked.path[1..]) {
                return Answer(400, vec![("replay-nonce", nonce)], problem("badNonce", "this was used before").to_string());
            }
        }
        let Answer(status, mut headers, body) = match what {
            "directory" => self.directory(),
            "nonce" => Answer(200, vec![], String::new()),
            "account" => self.account(&asked),
            "order" if asked.said.is_object() => self.order(&asked),
            "order" => self.told(number, 200),
            "authorization" => self.authorization(number),
            "challenge" => self.challenge(number),
            "finalize" => self.finalize(number, &asked),
            "certificate" => Answer(200, vec![], self.desk().orders[number].chain.clone()),
            _ => Answer(404, vec![], problem("malformed", "there is no such thing").to_string()),
        };
        headers.push(("replay-nonce", nonce));
        Answer(status, headers, body)
    }

    fn directory(&self) -> Answer {
        let urls = json!({
            "newNonce": self.url("nonce"), "newAccount": self.url("account"), "newOrder": self.url("order"),
            "revokeCert": self.url("revoke"), "keyChange": self.url("key"),
        });
        Answer(200, vec![], urls.to_string())
    }

    fn account(&self, asked: &Asked) -> Answer {
        let key = &asked.head["jwk"];
        // The members that count, in their order (RFC 7638).
        let counts = format!(r#"{{"crv":{},"kty":{},"x":{},"y":{}}}"#, key["crv"], key["kty"], key["x"], key["y"]);
        let mut desk = self.desk();
        desk.accounts.push(encode(&Sha256::digest(counts)));
        Answer(201, vec![("location", self.url(&format!("account/{}", desk.accounts.len() - 1)))], json!({ "status": "valid" }).to_string())
    }

    fn order(&self, asked: &Asked) -> Answer {
        let mut desk = self.desk();
        let refuses = desk.refuses.clone();
        let host = asked.said["identifiers"][0]["value"].as_str().expect("it is a name").to_owned();
        let account = asked.head["kid"].as_str().and_then(|kid| kid.rsplit('/').next()?.parse().ok()).expect("it is an account");
        let token = format!("token-{}", desk.orders.len());
        desk.orders.push(Order { host, token, account, status: "pending", problem: Value::Null, chain: String::new() });
        let number = desk.orders.len() - 1;
        drop(desk);
        match refuses {
            Some((status, problem, Some(after))) => Answer(status, vec![("retry-after", after.to_string())], problem.to_string()),
            Some((status, problem, None)) => Answer(status, vec![], problem.to_string()),
            None => self.told(number, 201),
        }
    }

    fn told(&self, number: usize, status: u16) -> Answer {
        let told = json!({
            "status": self.desk().orders[number].status, "authorizations": [self.url(&format!("authorization/{number}"))],
            "finalize": self.url(&format!("finalize/{number}")), "certificate": self.url(&format!("certificate/{number}")),
        });
        Answer(status, vec![("location", self.url(&format!("order/{number}")))], told.to_string())
    }

    fn authorization(&self, number: usize) -> Answer {
        let desk = self.desk();
        let Order { host, token, status, problem, .. } = &desk.orders[number];
        let status = if *status == "ready" { "valid" } else { status };
        let mut challenge = json!({ "type": "http-01", "url": self.url(&format!("challenge/{number}")), "token": token, "status": status });
        if !problem.is_null() {
            challenge["error"] = problem.clone();
        }
        let told = json!({ "identifier": { "type": "dns", "value": host }, "status": status, "challenges": [challenge] });
        Answer(200, vec![], told.to_string())
    }

    /// Looks for the proof.
    fn challenge(&self, number: usize) -> Answer {
        let (port, host, token, proof) = {
            let desk = self.desk();
            let order = &desk.orders[number];
            (desk.looks_at, order.host.clone(), order.token.clone(), format!("{}.{}", order.token, desk.accounts[order.account]))
        };
        let seen = fetch(port, &host, &token);
        let mut desk = self.desk();
        let order = &mut desk.orders[number];
        (order.status, order.problem) = match seen {
            Ok(body) if body == proof => ("ready", Value::Null),
            Ok(body) => ("invalid", problem("incorrectResponse", &format!("{body:?} is not what was looked for"))),
            Err(error) => ("invalid", problem("connection", &format!("{host}: {error}"))),
        };
        let told = json!({ "type": "http-01", "url": self.url(&format!("challenge/{number}")), "token": token, "status": "processing" });
        Answer(200, vec![], told.to_string())
    }

    fn finalize(&self, number: usize, asked: &Asked) -> Answer {
        let desk = self.desk();
        assert_eq!(desk.orders[number].status, "ready", "it was proven");
        // Whoever waits for this may be gone.
        let _ = desk.tell.send(());
        let mut desk = self.go_on.wait_while(desk, |desk| desk.waits).expect("nobody panics with it");
        let until = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is later") + desk.lasts;
        let request = decode(asked.said["csr"].as_str().expect("there is a request"));
        let order = &mut desk.orders[number];
        order.chain = self.authority.sign(&order.host, &request, until);
        order.status = "valid";
        drop(desk);
        self.told(number, 200)
    }
}

impl Desk {
    fn next_nonce(&mut self) -> String {
        self.nonce += 1;
        let nonce = format!("nonce-{}", self.nonce);
        self.nonces.insert(nonce.clone());
        nonce
    }
}

fn problem(kind: &str, words: &str) -> Value {
    json!({ "type": format!("urn:ietf:params:acme:error:{kind}"), "detail": words })
}

/// The body of what is answered at the place of a proof.
fn fetch(port: u16, host: &str, token: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    write!(stream, "GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    if head.starts_with("HTTP/1.1 200") { Ok(body.to_owned()) } else { Ok(head.lines().next().unwrap_or_default().to_owned()) }
}
