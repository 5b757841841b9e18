//! An agent that drives `plimsoll mcp` over its standard streams: what it sends and hears is JSON, one message a line.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::project::Project;

/// The index of codes.
const CODES: &str = include_str!("../../../docs/codes.md");

/// The revisions of the protocol that are spoken.
pub const REVISIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];

/// An agent, and the server that it has started.
pub struct Agent {
    server: Child,
    to: Option<ChildStdin>,
    from: Lines<BufReader<ChildStdout>>,
    revision: &'static str,
    last: u64,
    /// What tools answer with, by tool.
    schemas: BTreeMap<String, Value>,
    heard: Vec<Value>,
}

/// What a tool has answered.
#[derive(Debug)]
#[must_use = "an answer tells whether it went well"]
pub struct Answered {
    /// The document, as `--json` prints it too.
    pub document: Value,
    /// The whole result.
    pub result: Value,
}

impl Answered {
    /// The document of a call that went well.
    #[track_caller]
    pub fn well(self) -> Value {
        assert!(self.document["success"] == true && self.result["isError"] != true, "{:#}", self.result);
        self.document
    }

    /// The document of a call that was refused or failed with this code.
    #[track_caller]
    pub fn failed(self, code: &str) -> Value {
        assert!(self.document["success"] == false && self.result["isError"] == true, "{:#}", self.result);
        assert_eq!(self.document["code"], code, "{:#}", self.document);
        assert!(CODES.contains(&format!("| `{code}` |")), "{code} is not in docs/codes.md");
        assert!(self.document["help"].is_string(), "there is nothing to do next: {:#}", self.document);
        self.document
    }
}

impl Agent {
    /// An agent of the newest revision.
    pub fn of(project: &Project, options: &[&str]) -> Self {
        Self::speaking(REVISIONS[1], project, options)
    }

    /// An agent that speaks this revision.
    pub fn speaking(revision: &'static str, project: &Project, options: &[&str]) -> Self {
        let mut command = project.home.command(["mcp", "-C"]);
        command.arg(project.folder()).args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().expect("plimsoll can be started");
        let from = BufReader::new(server.stdout.take().expect("it is piped")).lines();
        let to = server.stdin.take();
        let mut agent = Self { server, to, from, revision, last: 0, schemas: BTreeMap::new(), heard: Vec::new() };
        agent.greet();
        let listed = agent.ask("tools/list", json!({}));
        let tools = listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("tools are listed: {listed:#}")).clone();
        agent.schemas = tools.iter().map(|tool| (tool["name"].as_str().expect("it has a name").into(), tool["outputSchema"].clone())).collect();
        agent
    }

    /// The older revision begins with a handshake; of the newer one, every message stands for itself.
    fn greet(&mut self) {
        let who = json!({ "name": "test", "version": "1" });
        if self.revision == REVISIONS[0] {
            let told = self.ask("initialize", json!({ "protocolVersion": self.revision, "capabilities": {}, "clientInfo": who }));
            assert_eq!(told["result"]["protocolVersion"], self.revision, "{told:#}");
            self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        } else {
            let told = self.ask("server/discover", json!({}));
            assert!(told["result"]["supportedVersions"].as_array().is_some_and(|versions| versions.contains(&json!(self.revision))), "{told:#}");
        }
    }

    /// The names of the tools that are offered.
    pub fn tools(&self) -> Vec<&str> {
        self.schemas.keys().map(String::as_str).collect()
    }

    /// Calls a tool and waits for its answer, which has to be as the tool has said.
    #[track_caller]
    pub fn call(&mut self, tool: &str, arguments: Value) -> Answered {
        let id = self.begin(tool, arguments);
        self.answer(tool, id)
    }

    /// Calls a tool.
    pub fn begin(&mut self, tool: &str, arguments: Value) -> u64 {
        let meta = json!({ "progressToken": self.last + 1 });
        self.request("tools/call", json!({ "name": tool, "arguments": arguments, "_meta": meta }))
    }

    /// Waits for the answer to a call.
    #[track_caller]
    pub fn answer(&mut self, tool: &str, id: u64) -> Answered {
        let told = self.told(id);
        let result = told.get("result").unwrap_or_else(|| panic!("{tool} answers: {told:#}")).clone();
        let document = result["structuredContent"].clone();
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().expect("there is a text")).expect("it is JSON");
        assert_eq!(text, document, "text and structure say the same");
        assert!(fits(&document, &self.schemas[tool]), "{tool}: {document:#} is not as it has said: {:#}", self.schemas[tool]);
        Answered { document, result }
    }

    /// Waits until the server tells of progress in these words.
    #[track_caller]
    pub fn until(&mut self, words: &str) {
        loop {
            let message = self.hear().unwrap_or_else(|| panic!("it told nothing of {words:?}: {:#?}", self.heard));
            let told =
                message["method"] == "notifications/progress" && message["params"]["message"].as_str().is_some_and(|told| told.contains(words));
            self.heard.push(message);
            if told {
                return;
            }
        }
    }

    /// Takes a call back.
    pub fn cancel(&mut self, id: u64) {
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id, "reason": "a test" } }));
    }

    /// Asks, and waits for the answer.
    #[track_caller]
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.request(method, params);
        self.told(id)
    }

    fn request(&mut self, method: &str, mut params: Value) -> u64 {
        self.last += 1;
        if self.revision == REVISIONS[1] {
            let meta = params.as_object_mut().expect("parameters are an object").entry("_meta").or_insert_with(|| json!({}));
            meta["io.modelcontextprotocol/protocolVersion"] = json!(self.revision);
            meta["io.modelcontextprotocol/clientInfo"] = json!({ "name": "test", "version": "1" });
            meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
        }
        self.send(&json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": params }));
        self.last
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.to.as_mut().expect("nobody has hung up"), "{message}").expect("the server listens");
    }

    #[track_caller]
    fn told(&mut self, id: u64) -> Value {
        if let Some(at) = self.heard.iter().position(|message| message["id"] == id) {
            return self.heard.remove(at);
        }
        loop {
            let message = self.hear().unwrap_or_else(|| panic!("there is no answer {id}: {:#?}", self.heard));
            if message["id"] == id {
                return message;
            }
            self.heard.push(message);
        }
    }

    /// Everything on standard output is a message of the protocol.
    fn hear(&mut self) -> Option<Value> {
        let line = self.from.next()?.expect("what plimsoll prints is UTF-8");
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// Hangs up; gives how the server has ended.
    pub fn hang_up(&mut self) -> ExitStatus {
        drop(self.to.take());
        self.server.wait().expect("it is our child")
    }

    /// Asks the server to end, as a service manager does; gives how it has ended.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.server.id()).expect("an id of a process is small")).expect("it has one");
        kill_process(pid, Signal::TERM).expect("it is our child");
        self.server.wait().expect("it is our child")
    }
}

/// Whether a value is as a schema says, as far as those of tools go: types, fields, and which of them must be there.
fn fits(value: &Value, schema: &Value) -> bool {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_whole = schema["type"] == "integer" && (value.is_u64() || value.is_i64());
    let is_kind = schema["type"].is_null() || schema["type"] == kind || is_whole;
    let has_all = schema["required"].as_array().is_none_or(|names| names.iter().all(|name| value.get(name.as_str().unwrap_or_default()).is_some()));
    let known = schema["properties"].as_object().into_iter().flatten();
    is_kind && has_all && known.into_iter().all(|(name, schema)| value.get(name).is_none_or(|value| fits(value, schema)))
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
