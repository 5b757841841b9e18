//! The MCP server: operations as tools for agents. The only crate that knows MCP.
//!
//! It follows the [Model Context Protocol](https://modelcontextprotocol.io) in its revisions 2026-07-28 and 2025-11-25. A tool is one file in
//! `tools` and one line in its list; it turns arguments into the input of an operation, and its output into the very document that the command line
//! prints for `--json`. What holds for all of them stands once, around the call: who may call what (`rules`), how often, what is told
//! meanwhile, that it can be cancelled, and that text from outside is fenced.

mod call;
mod fence;
pub mod http;
mod pace;
mod prompts;
mod resources;
mod rules;
mod server;
mod tool;
mod tools;

pub use server::{Server, Told, serve, serve_http};
