//! Agents that come over HTTP, with a token.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::agent::REVISIONS;
use super::local;
use crate::ask::{get, until};
use crate::project::Project;
use crate::tls::authority::Authority;
use crate::tls::visitor::Visitor;

/// Far more than anything takes that is waited for.
const LIMIT: Duration = Duration::from_secs(30);

/// A server that listens.
struct Server {
    process: Child,
    authority: String,
}

/// Who asks: with a token, in a revision, and in a session where the revision has them.
struct Client<'a> {
    server: &'a Server,
    token: &'a str,
    revision: &'static str,
    session: Option<String>,
}

/// What was answered: the status, the head, and the message of the protocol or the document of a refusal.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    message: Value,
}

impl Server {
    fn of(project: &Project, options: &[&str]) -> Self {
        let mut command = project.home.command(["mcp", "-C"]);
        command.arg(project.folder()).args(["--http", "127.0.0.1:0", "--json"]).args(options).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("plimsoll can be started");
        let mut told = String::new();
        BufReader::new(process.stdout.as_mut().expect("it is piped")).read_line(&mut told).expect("it tells");
        let told: Value = serde_json::from_str(&told).expect("it is a document");
        let url = told["details"]["url"].as_str().expect("it tells where it listens");
        let scheme = if options.contains(&"--tls-cert") { "https://" } else { "http://" };
        let authority = url.strip_prefix(scheme).and_then(|rest| rest.strip_suffix("/mcp")).expect("a URL").to_owned();
        Self { process, authority }
    }

    fn client<'a>(&'a self, token: &'a str, revision: &'static str) -> Client<'a> {
        let mut client = Client { server: self, token, revision, session: None };
        if revision == REVISIONS[0] {
            let who = json!({ "name": "test", "version": "1" });
            let told = client.ask("initialize", json!({ "protocolVersion": revision, "capabilities": {}, "clientInfo": who }));
            assert_eq!((told.status, &told.message["result"]["protocolVersion"]), (200, &json!(revision)), "{told:?}");
            client.session = told.header("mcp-session-id");
            assert_eq!(client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }), &[]).status, 202);
        }
        client
    }

    /// Asks it to end, as a service manager does; gives whether it did in good order.
    fn terminate(&mut self) -> bool {
        let pid = Pid::from_raw(i32::try_from(self.process.id()).expect("an id of a process is small")).expect("it has one");
        kill_process(pid, Signal::TERM).expect("it is our child");
        self.process.wait().expect("it is our child").success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<String> {
        self.head
            .lines()
            .find_map(|line| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name)))
            .map(|(_, value)| value.to_owned())
    }

    /// The document of a tool.
    #[track_caller]
    fn document(&self) -> &Value {
        assert_eq!(self.status, 200, "{self:?}");
        &self.message["result"]["structuredContent"]
    }

    #[track_caller]
    fn code(&self, code: &str) -> &Value {
        assert_eq!(self.document()["code"], code, "{self:?}");
        &self.document()["details"]
    }
}

impl Client<'_> {
    fn ask(&self, method: &str, params: Value) -> Answer {
        self.send(&self.message(method, params), &[])
    }

    fn call(&self, tool: &str, arguments: Value) -> Answer {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    fn planned(&self) -> Value {
        let plan = self.call("plan_deployment", local());
        json!({ "environment": "local", "plan_hash": plan.code("planned")["plan"]["hash"] })
    }

    fn message(&self, method: &str, mut params: Value) -> Value {
        if self.revision == REVISIONS[1] {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(self.revision);
            params["_meta"]["io.modelcontextprotocol/clientInfo"] = json!({ "name": "test", "version": "1" });
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
        }
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
    }

    /// Sends a message; the connection is for its answer alone. A header that is given takes the place of the usual one.
    fn begin(&self, message: &Value, headers: &[(&str, &str)]) -> TcpStream {
        let (body, bearer) = (message.to_string(), format!("Bearer {}", self.token));
        let mut all = vec![("Host", self.server.authority.as_str()), ("Authorization", bearer.as_str())];
        all.extend([("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream"), ("Connection", "close")]);
        all.extend(self.session.as_deref().map(|session| ("Mcp-Session-Id", session)));
        if message["method"] != "initialize" {
            all.push(("MCP-Protocol-Version", self.revision));
        }
        all.extend(message["method"].as_str().map(|method| ("Mcp-Method", method)));
        all.extend(message["params"]["name"].as_str().map(|name| ("Mcp-Name", name)));
        all.retain(|(name, _)| !headers.iter().any(|(other, _)| name.eq_ignore_ascii_case(other)));
        all.extend(headers.iter().filter(|(_, value)| !value.is_empty()));
        let head: String = all.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let mut stream = TcpStream::connect(&self.server.authority).expect("it listens");
        stream.set_read_timeout(Some(LIMIT)).expect("a stream takes a limit");
        write!(stream, "POST /mcp HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
        stream
    }

    fn send(&self, message: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut answer = String::new();
        self.begin(message, headers).read_to_string(&mut answer).expect("it answers in UTF-8");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head ends");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if chunked { unchunked(body) } else { body.to_owned() };
        let mut events = body.lines().filter_map(|line| line.strip_prefix("data:")).filter_map(|data| serde_json::from_str::<Value>(data).ok());
        let message = events.next_back().or_else(|| serde_json::from_str(&body).ok()).unwrap_or_default();
        Answer { status, head: head.to_owned(), message }
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk has a size");
        whole += &rest[..size];
        body = &rest[size + 2..];
        if size == 0 {
            break;
        }
    }
    whole
}

fn token(project: &Project, arguments: &[&str]) -> String {
    let created = project.run(["token", "create"].iter().chain(arguments).copied()).ended(0);
    created.detail("/token").as_str().expect("it is shown").to_owned()
}

#[test]
fn an_agent_comes_over_http_in_both_revisions() {
    for revision in REVISIONS {
        let project = Project::new();
        let token = token(&project, &["ci"]);
        let mut server = Server::of(&project, &[]);
        let client = server.client(&token, revision);
        let tools = client.ask("tools/list", json!({}));
        assert!(tools.message["result"]["tools"].as_array().is_some_and(|tools| tools.len() > 10), "{tools:?}");
        client.call("deploy_full", local()).code("plan-unseen");
        let seen = client.planned();
        client.call("deploy_full", seen).code("deployed");
        assert_eq!(get(&project.url("web", "/")), "version 1");
        client.call("get_deployment_status", local()).code("healthy");
        // It is on record with which token it was done.
        let newest = &project.history()[0];
        assert_eq!(newest["surface"], "mcp");
        assert!(newest["actor"].as_str().is_some_and(|actor| actor.contains("+ci@")), "{newest:#}");
        assert!(server.terminate());
    }
}

#[test]
fn nobody_is_let_in_without_a_token_that_is_taken() {
    let project = Project::new();
    let (good, other) = (token(&project, &["good"]), token(&project, &["other"]));
    let server = Server::of(&project, &[]);
    for revision in REVISIONS {
        let client = server.client(&good, revision);
        let list = client.message("tools/list", json!({}));
        let turned = |headers: &[(&str, &str)], status: u16, code: &str| {
            let answer = client.send(&list, headers);
            assert_eq!((answer.status, &answer.message["code"]), (status, &json!(code)), "{headers:?} {answer:?}");
            answer.header("www-authenticate")
        };
        assert_eq!(turned(&[("Authorization", "")], 401, "token-missing").as_deref(), Some("Bearer"));
        let unknown = format!("Bearer {good}0");
        for (shown, code) in
            [("Bearer nonsense", "token-unknown"), (&unknown, "token-unknown"), ("Bearer ", "token-missing"), ("Basic Z29vZA==", "token-missing")]
        {
            assert!(turned(&[("Authorization", shown)], 401, code).is_some_and(|challenge| challenge.starts_with("Bearer")), "{shown}");
        }
        for headers in [[("Host", "evil.example")], [("Origin", "http://evil.example")], [("Origin", "null")]] {
            assert_eq!(turned(&headers, 403, "host-not-allowed"), None);
        }
        assert_eq!(client.send(&list, &[("Origin", "http://localhost:3000")]).status, 200);
        // A session is that of the token that it was begun with.
        if client.session.is_some() {
            turned(&[("Authorization", &format!("Bearer {other}"))], 404, "session-missing");
        }
        assert_eq!(client.send(&list, &[]).status, 200);
    }
    // Revoked while the server runs.
    let _ = project.run(["token", "revoke", "good"]).ended(0);
    let answer = server.client(&other, REVISIONS[1]).send(&json!({}), &[("Authorization", &format!("Bearer {good}"))]);
    assert_eq!((answer.status, &answer.message["code"]), (401, &json!("token-revoked")));
    assert_eq!(server.client(&other, REVISIONS[1]).ask("tools/list", json!({})).status, 200);
}

#[test]
fn a_token_reaches_as_far_as_it_says() {
    let project = Project::new();
    project.append("[environments.other]\nhosts = [\"local\"]\n");
    project.deploy();
    let before = project.standing();
    let (looking, elsewhere) = (token(&project, &["looking", "--read-only"]), token(&project, &["elsewhere", "--allow-env", "other"]));
    let server = Server::of(&project, &[]);
    for revision in REVISIONS {
        let looker = server.client(&looking, revision);
        let listed = looker.ask("tools/list", json!({})).message["result"]["tools"].clone();
        let listed = listed.as_array().expect("there are tools");
        assert!(listed.iter().all(|tool| tool["annotations"]["readOnlyHint"] == true) && listed.len() > 5, "{listed:#?}");
        assert_eq!(looker.call("deploy_full", local()).message["error"]["code"], -32602);
        looker.call("get_deployment_status", local()).code("healthy");
        let stranger = server.client(&elsewhere, revision);
        for tool in ["plan_deployment", "deploy_full", "rollback", "get_deployment_status", "read_logs", "create_snapshot"] {
            stranger.call(tool, local()).code("environment-not-allowed");
        }
        let uri = format!("plimsoll://local/deployments/{}", project.history()[0]["id"].as_str().expect("it has a name"));
        let read = stranger.message("resources/read", json!({ "uri": uri }));
        assert!(stranger.send(&read, &[("Mcp-Name", &uri)]).message["error"].is_object());
        stranger.call("get_deployment_status", json!({ "environment": "other" })).code("nothing-deployed");
    }
    // One of another project is none here.
    project.edit("name = \"tiny\"", "name = \"other\"");
    let foreign = token(&project, &["ci"]);
    let client = server.client(&looking, REVISIONS[1]);
    let answer = client.send(&client.message("tools/list", json!({})), &[("Authorization", &format!("Bearer {foreign}"))]);
    assert_eq!((answer.status, &answer.message["code"]), (403, &json!("token-elsewhere")));
    project.edit("name = \"other\"", "name = \"tiny\"");
    assert_eq!(project.standing(), before);
}

#[test]
fn others_than_this_machine_are_not_let_in_in_the_open() {
    let project = Project::new();
    let refused = |arguments: &[&str]| {
        let ran = project.run(["mcp", "--http"].iter().chain(arguments).copied());
        assert!(ran.code == Some(5) && ran.stderr.contains("[http-insecure]") && ran.stderr.contains("--tls-cert"), "{ran:?}");
    };
    refused(&["0.0.0.0:0"]);
    refused(&["[::]:0"]);
    let without = project.run(["mcp", "--http", "0.0.0.0:0", "--tls-cert", "none.pem", "--tls-key", "none.key"]);
    assert!(without.code == Some(3) && without.stderr.contains("none.pem"), "{without:?}");
}

#[test]
fn a_renewed_certificate_is_shown_without_another_start() {
    let (project, authority) = (Project::new(), Authority::new());
    let [first, renewed] = [(); 2].map(|()| authority.issue("localhost"));
    project.write("own.pem", &first.chain);
    project.write("own.key", &first.key);
    let files = ["own.pem", "own.key"].map(|file| project.folder().join(file).display().to_string());
    let mut server = Server::of(&project, &["--tls-cert", &files[0], "--tls-key", &files[1]]);
    let port = server.authority.rsplit(':').next().and_then(|port| port.parse().ok()).expect("it tells its port");
    let shown = || {
        let mut visitor = Visitor::connect(port, "localhost", &authority.client()).expect("its certificate is trusted");
        let (head, body) = visitor.get().expect("there is an answer");
        assert!(head.starts_with("http/1.1 404") && body.contains("no-such-path"), "{head}{body}");
        visitor.shown().to_vec()
    };
    assert_eq!(shown(), first.der);
    // In the middle of a renewal, a certificate has not its key.
    project.write("own.pem", &renewed.chain);
    assert_eq!(shown(), first.der);
    project.write("own.key", &renewed.key);
    assert_eq!(shown(), renewed.der);
    fs::remove_file(&files[0]).expect("it is there");
    assert_eq!(shown(), renewed.der);
    assert!(server.terminate());
}

#[test]
fn who_hangs_up_leaves_no_deployment_open() {
    let project = Project::new();
    let token = token(&project, &["ci"]);
    let mut server = Server::of(&project, &[]);
    server.client(&token, REVISIONS[1]).call("deploy_full", server.client(&token, REVISIONS[1]).planned()).code("deployed");
    let before = project.standing();
    project.service("web", "2 unhealthy");
    // In the newer revision, it is called off.
    let client = server.client(&token, REVISIONS[1]);
    let call = deploying(&client);
    call.shutdown(Shutdown::Both).expect("it is open");
    until("rolled_back".to_owned(), || project.last_outcome());
    assert_eq!((project.standing(), project.history().len()), (before.clone(), 2));
    // In the older one it goes on, for the client may come back; the end of its session calls it off.
    let client = server.client(&token, REVISIONS[0]);
    let call = deploying(&client);
    call.shutdown(Shutdown::Both).expect("it is open");
    assert_eq!(project.history()[0]["outcome"], "undecided", "{:#?}", project.history()[0]);
    let session = client.session.clone().expect("there is a session");
    delete(&client, &session);
    until("rolled_back".to_owned(), || project.last_outcome());
    assert_eq!((project.standing(), project.history().len()), (before.clone(), 3));
    // And the end of the server, which waits for it.
    let client = server.client(&token, REVISIONS[0]);
    let _call = deploying(&client);
    assert!(server.terminate());
    assert_eq!((project.last_outcome().as_str(), project.standing(), project.history().len()), ("rolled_back", before, 4));
}

/// Begins a deployment, and waits until it is being prepared.
fn deploying(client: &Client<'_>) -> TcpStream {
    let mut seen = client.planned();
    let arguments = seen.take();
    let call = client.message("tools/call", json!({ "name": "deploy_full", "arguments": arguments, "_meta": { "progressToken": 7 } }));
    let stream = client.begin(&call, &[]);
    let mut lines = BufReader::new(&stream).lines();
    let found = lines.any(|line| line.expect("it tells").contains("level 1: prepare"));
    assert!(found, "it tells of its progress");
    stream
}

fn delete(client: &Client<'_>, session: &str) {
    let mut stream = TcpStream::connect(&client.server.authority).expect("it listens");
    let (host, token) = (&client.server.authority, client.token);
    write!(stream, "DELETE /mcp HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nMcp-Session-Id: {session}\r\nConnection: close\r\n\r\n")
        .expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}
