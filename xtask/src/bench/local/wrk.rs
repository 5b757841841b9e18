//! One round of load by `wrk`.

use crate::command::{command, output};

/// What a round gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// Requests in a second.
    pub per_s: f64,
    /// Requests in all.
    pub requests: f64,
    /// Latency that 99 of 100 did not pass, in milliseconds.
    pub p99_ms: f64,
}

/// Loads `url` over 64 connections for some seconds.
///
/// # Errors
/// When wrk fails, or a request does.
pub fn round(url: &str, seconds: u32) -> Result<Round, String> {
    understand(&output(command("wrk", &format!("--threads 2 --connections 64 --duration {seconds}s --latency {url}")))?)
}

fn understand(text: &str) -> Result<Round, String> {
    if let Some(line) = text.lines().find(|line| line.contains("Socket errors") || line.contains("Non-2xx")) {
        return Err(format!("requests failed: {}", line.trim()));
    }
    let word = |line: &str, index: usize| line.split_whitespace().nth(index).map(String::from);
    let find = |part: &str, index: usize| text.lines().find(|line| line.contains(part)).and_then(|line| word(line, index));
    let round = || {
        let per_s = find("Requests/sec:", 1)?.parse().ok()?;
        Some(Round { per_s, requests: find("requests in", 0)?.parse().ok()?, p99_ms: milliseconds(&find("99%", 1)?)? })
    };
    round().ok_or_else(|| format!("cannot read what wrk printed:\n{text}"))
}

fn milliseconds(text: &str) -> Option<f64> {
    let number = |unit: &str| text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok());
    number("us").map(|us| us / 1000.0).or_else(|| number("ms")).or_else(|| number("s").map(|s| s * 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
Running 1s test @ http://127.0.0.1:1/
  Latency Distribution
     50%    1.05ms
     99%  950.00us
  11520 requests in 1.00s, 1.66MB read
Requests/sec:  11519.58
";

    #[test]
    fn a_round_is_read_and_failures_are_told() {
        assert_eq!(understand(PRINTED), Ok(Round { per_s: 11519.58, requests: 11520.0, p99_ms: 0.95 }));
        assert!(understand(&format!("{PRINTED}  Non-2xx or 3xx responses: 3\n")).is_err());
        assert!(understand("").is_err());
    }
}
