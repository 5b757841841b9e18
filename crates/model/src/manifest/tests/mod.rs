//! Tests of the manifest as a whole: texts in, projects and findings out.

mod guessing;
mod memory;
mod mistakes;
mod placement;
mod properties;
mod reading;
mod table;
mod tree;
mod written;

use super::judge;
use crate::EnvironmentName;
use crate::finding::{Finding, Severity};

/// The manifest of the design, as far as this version can do it.
const GOOD: &str = r#"name = "shop"
version = "1.4.0"

[components.backend]
path = "backend"
sources = ["proto"]
build = { command = "cargo build --release", output = ["target/release/backend"] }
run = "./backend"
health = "/health"
route = { host = "API.shop.example", path = "/v1/" }
env = { LOG = "info", WORKERS = 4, FAST = true }
secrets = ["DATABASE_URL", "STRIPE_KEY"]
limits = { memory = "512MB", cpu = "1500ms" }

[components.admin]
path = "admin"
build = { command = "npm ci && npm run build", output = ["dist"] }
site = "dist"
spa = true
depends_on = ["backend"]
route = { host = "admin.shop.example" }

[components.mailer]
run = "./mailer"
health = { interval = "2s" }

[environments.dev]
branch = "dev"
hosts = ["local"]

[environments.production]
branch = "main"
hosts = ["deploy@a.shop.example", "deploy@b.shop.example"]
env = { LOG = "warn", REGION = "eu" }
components.backend = { env = { REGION = "us" }, drain_timeout = "1m", route = { port = 8443 } }

[hooks]
before_build = "./check.sh"
"#;

fn environment(name: &str) -> EnvironmentName {
    EnvironmentName::new(name).expect("tests use good names")
}

/// Findings, one a line: `LINE:COLUMN+LENGTH code: message | help`, with a `?` before the code of a warning.
fn lines(findings: Vec<Finding>) -> String {
    let line = |finding: Finding| {
        let place = finding.place.map_or("-".into(), |place| format!("{}:{}+{}", place.line, place.column, place.length));
        let warning = if finding.severity == Severity::Error { "" } else { "?" };
        format!("{place} {warning}{}: {} | {}", finding.code, finding.message, finding.help.unwrap_or_default())
    };
    findings.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What is wrong with the manifest `text`.
fn mistakes(text: &str) -> String {
    lines(judge(text, "plimsoll.toml"))
}

/// What is wrong with a component `web` of an otherwise good manifest. Its first line is line 3.
fn mistakes_in_web(keys: &str) -> String {
    mistakes(&format!("name = \"shop\"\n[components.web]\n{keys}\n"))
}
