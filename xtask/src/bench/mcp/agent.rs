//! An agent, as little of one as it takes to measure what tools answer.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::super::bed::Ground;

/// An agent, and the server that it has started.
pub struct Agent {
    server: Child,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
    last: u64,
    /// How long each answer of a tool was that it was given, in bytes.
    pub sizes: BTreeMap<String, Vec<f64>>,
}

impl Agent {
    /// Starts a server for the project, and greets it.
    ///
    /// # Errors
    /// When it does not start, or does not answer.
    pub fn start(ground: &Ground) -> Result<Self, String> {
        let mut command = ground.command("mcp");
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut server = started.map_err(|error| format!("cannot run plimsoll: {error}"))?;
        let (Some(to), Some(from)) = (server.stdin.take(), server.stdout.take()) else { return Err("its streams are not piped".into()) };
        let mut agent = Self { server, to, from: BufReader::new(from).lines(), last: 0, sizes: BTreeMap::new() };
        let who = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" } });
        agent.ask("initialize", &who)?;
        agent.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        Ok(agent)
    }

    /// The tools, as they are listed.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn tools(&mut self) -> Result<Vec<Value>, String> {
        let listed = self.ask("tools/list", &json!({}))?;
        listed["tools"].as_array().cloned().ok_or_else(|| format!("no tools are listed: {listed}"))
    }

    /// Calls a tool, for the environment `local` unless another one is named, or it takes none; gives the document that it answers.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn call(&mut self, tool: &str, mut arguments: Value) -> Result<Value, String> {
        if arguments["environment"].is_null() && tool != "check_manifest" {
            arguments["environment"] = json!("local");
        }
        let result = self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }))?;
        let text = result["content"][0]["text"].as_str().ok_or_else(|| format!("{tool} answers no text: {result}"))?;
        self.sizes.entry(tool.to_owned()).or_default().push(text.len() as f64);
        Ok(result["structuredContent"].clone())
    }

    fn ask(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        self.last += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": params }))?;
        loop {
            let line = self.from.next().ok_or("the server hung up")?.map_err(|error| error.to_string())?;
            let message: Value = serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
            if message["id"] == self.last {
                return message.get("result").cloned().ok_or_else(|| format!("{method}: {message}"));
            }
        }
    }

    fn send(&mut self, message: &Value) -> Result<(), String> {
        writeln!(self.to, "{message}").map_err(|error| format!("the server does not listen: {error}"))
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
