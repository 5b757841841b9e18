//! The clients: where each of them looks for its servers, and in what form.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// For whom an entry is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everyone who works with the project: the file lies in its folder.
    #[default]
    Project,
    /// Whoever calls, in the home folder.
    User,
}

/// A program that agents work in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// Claude Code.
    ClaudeCode,
    /// Claude Desktop.
    ClaudeDesktop,
    /// Codex.
    Codex,
    /// Cursor.
    Cursor,
    /// Gemini CLI.
    Gemini,
    /// Visual Studio Code.
    Vscode,
}

/// Where files are looked for.
pub(super) struct Surroundings {
    /// The home folder.
    pub home: PathBuf,
    /// The project's folder.
    pub project: PathBuf,
}

/// What a file is written in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    /// JSON, maybe with comments; servers stand below this key, and say of what kind they are where the client wants it.
    Json {
        /// The key.
        key: &'static str,
        /// The kind.
        kind: Option<&'static str>,
    },
    /// TOML; servers stand below `mcp_servers`.
    Toml,
}

impl Client {
    /// Every client.
    pub const ALL: [Self; 6] = [Self::ClaudeCode, Self::ClaudeDesktop, Self::Codex, Self::Cursor, Self::Gemini, Self::Vscode];

    /// Its file; none when it has none of that scope, or not in a place that is known.
    pub(super) fn file(self, scope: Scope, around: &Surroundings) -> Option<PathBuf> {
        let below = match (self, scope) {
            (Self::ClaudeCode, Scope::Project) => ".mcp.json",
            (Self::ClaudeCode, Scope::User) => ".claude.json",
            (Self::ClaudeDesktop, Scope::User) if cfg!(target_os = "macos") => "Library/Application Support/Claude/claude_desktop_config.json",
            (Self::ClaudeDesktop, Scope::User) => ".config/Claude/claude_desktop_config.json",
            (Self::Codex, _) => ".codex/config.toml",
            (Self::Cursor, _) => ".cursor/mcp.json",
            (Self::Gemini, _) => ".gemini/settings.json",
            (Self::Vscode, Scope::Project) => ".vscode/mcp.json",
            (Self::ClaudeDesktop, Scope::Project) | (Self::Vscode, Scope::User) => return None,
        };
        Some(if scope == Scope::Project { &around.project } else { &around.home }.join(below))
    }

    /// What its files are written in.
    pub(super) fn format(self) -> Format {
        match self {
            Self::Codex => Format::Toml,
            Self::Vscode => Format::Json { key: "servers", kind: Some("stdio") },
            _ => Format::Json { key: "mcpServers", kind: None },
        }
    }

    /// The folder that an entry has to name, where the client does not start servers in the folder that its user works in.
    pub(super) fn names_folder(self, scope: Scope, project: &Path) -> Option<String> {
        match (self, scope) {
            (Self::Cursor | Self::Vscode, Scope::Project) => Some("${workspaceFolder}".into()),
            (Self::ClaudeDesktop | Self::Cursor, Scope::User) => Some(project.display().to_string()),
            _ => None,
        }
    }

    /// Whether there are traces of its use.
    pub(super) fn is_used(self, around: &Surroundings) -> bool {
        let traces: &[&str] = match self {
            Self::ClaudeCode => &[".claude", ".claude.json", ".mcp.json"],
            Self::ClaudeDesktop => &[".config/Claude", "Library/Application Support/Claude"],
            Self::Codex => &[".codex"],
            Self::Cursor => &[".cursor"],
            Self::Gemini => &[".gemini"],
            Self::Vscode => &[".vscode"],
        };
        traces.iter().any(|trace| around.home.join(trace).exists() || around.project.join(trace).exists())
    }

    fn name(self) -> &'static str {
        match self {
            Self::ClaudeCode => "claude-code",
            Self::ClaudeDesktop => "claude-desktop",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
            Self::Gemini => "gemini",
            Self::Vscode => "vscode",
        }
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Client {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|client| client.name() == text);
        known.ok_or_else(|| format!("there are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "project" => Ok(Self::Project),
            "user" => Ok(Self::User),
            _ => Err("there are project and user".into()),
        }
    }
}
