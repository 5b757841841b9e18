//! The proxy beside nginx: both pass on to one upstream, in alternating rounds.

use std::fs;

use super::super::bed::{Bed, Ground, middle};
use super::super::process;
use super::super::row::{Goal, Row};
use super::nginx::{Nginx, UPSTREAM, configuration};
use super::wrk;
use crate::command::need;

const ROUNDS: usize = 5;
const ROUND_S: u32 = 4;

/// Medians of one side's rounds.
struct Side {
    per_s: f64,
    p99_ms: f64,
    cpu_us: f64,
}

/// Measures throughput, the latency of the slowest, and CPU time for a request.
///
/// # Errors
/// When a side does not start, or a request fails.
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    need(&["nginx"], "nginx-light")?;
    need(&["wrk"], "wrk")?;
    let ground = upstream(bed)?;
    let status = ground.plimsoll("status local")?;
    let slot = status.pointer("/details/components/0/slots/0/port").and_then(serde_json::Value::as_u64);
    let slot = slot.and_then(|port| u16::try_from(port).ok()).ok_or_else(|| format!("the status names no port of a slot: {status}"))?;
    let nginx = Nginx::before(slot)?;
    let (mut our_rounds, mut their_rounds) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_rounds.push(round(&ground.url("/"), &ground.serving())?);
        their_rounds.push(round(&format!("http://127.0.0.1:{}/", nginx.port), &process::family(nginx.pid()))?);
    }
    let (ours, theirs) = (Side::of(&our_rounds), Side::of(&their_rounds));
    Ok(vec![
        Row::new("proxy: requests", ours.per_s, "1/s").against("nginx", theirs.per_s).goal(Goal::RatioAtLeast(1.0)),
        Row::new("proxy: p99", ours.p99_ms, "ms").against("nginx", theirs.p99_ms).goal(Goal::RatioAtMost(1.2)),
        Row::new("proxy: CPU for a request", ours.cpu_us, "µs").against("nginx", theirs.cpu_us),
    ])
}

/// A deployed nginx that answers by itself.
fn upstream(bed: &Bed) -> Result<Ground<'_>, String> {
    let start = "#!/bin/sh\nset -eu\nfolder=$(mktemp -d)\n\
                 sed -e \"s|FOLDER|$folder|g\" -e \"s|PORT|$PORT|\" nginx.conf.in > \"$folder/nginx.conf\"\n\
                 exec nginx -p \"$folder\" -c \"$folder/nginx.conf\"\n";
    let ground = bed.ground("sh ./start", |folder| {
        fs::write(folder.join("nginx.conf.in"), configuration("FOLDER".as_ref(), UPSTREAM))?;
        fs::write(folder.join("start"), start)
    })?;
    ground.plimsoll("deploy local")?;
    Ok(ground)
}

fn round(url: &str, pids: &[u32]) -> Result<Side, String> {
    let before = process::cpu_us(pids);
    let round = wrk::round(url, ROUND_S)?;
    Ok(Side { per_s: round.per_s, p99_ms: round.p99_ms, cpu_us: (process::cpu_us(pids) - before) / round.requests })
}

impl Side {
    fn of(rounds: &[Side]) -> Self {
        let median = |of: fn(&Side) -> f64| middle(rounds.iter().map(of).collect());
        Self { per_s: median(|side| side.per_s), p99_ms: median(|side| side.p99_ms), cpu_us: median(|side| side.cpu_us) }
    }
}
