//! What an agent pays on the example shop: the size of each tool's answer, and what a call costs beyond what it does.

mod agent;

use serde_json::{Value, json};

use self::agent::Agent;
use super::bed::{Bed, Ground, middle, timed};
use super::row::{Goal, Row};

/// How often each tool that only looks is called.
const ROUNDS: usize = 5;
/// How often a call is timed: a tool may not be called more often than 120 times within a minute.
const TIMES: usize = 40;
/// Tools that only look, but for the ones that need more than an environment.
const LOOKS: [&str; 13] = [
    "get_deployment_status",
    "check_health",
    "list_deployments",
    "get_last_stable_version",
    "read_logs",
    "read_audit_log",
    "simulate_deployment",
    "list_approvals",
    "list_secrets",
    "list_certificates",
    "check_certificates",
    "list_backups",
    "list_snapshots",
];

/// Measures all of it.
///
/// # Errors
/// When the shop cannot be deployed, or a tool does not answer.
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    let shop = bed.shop()?;
    let mut agent = Agent::start(&shop)?;
    live(&shop, &mut agent)?;
    let tools = agent.tools()?;
    if let Some(missing) = tools.iter().filter_map(|tool| tool["name"].as_str()).find(|tool| !agent.sizes.contains_key(*tool)) {
        return Err(format!("{missing} is not measured"));
    }
    let listed = json!(tools).to_string().len() as f64;
    let mut rows = vec![Row::new("tools/list", listed, "bytes").goal(Goal::AtMost(28_000.0))];
    rows.extend(agent.sizes.iter().map(|(tool, sizes)| Row::new(format!("answer of {tool}"), middle(sizes.clone()), "bytes")));
    rows.extend(calls(&shop, &mut agent)?);
    Ok(rows)
}

/// Deploys, looks at all there is to see, and goes back.
fn live(shop: &Ground, agent: &mut Agent) -> Result<(), String> {
    let mut last = Value::Null;
    for version in 1..=3 {
        shop.replace("backend/src/version.rs", "VERSION: &str = \"", &format!("VERSION: &str = \"{version}."))?;
        let plan = agent.call("plan_deployment", json!({}))?;
        last = agent.call("deploy_full", json!({ "plan_hash": plan["details"]["plan"]["hash"] }))?;
        if last["success"] != true {
            return Err(format!("the shop is not live: {last}"));
        }
    }
    for _ in 0..ROUNDS {
        for tool in LOOKS {
            agent.call(tool, json!({}))?;
        }
        agent.call("show_deployment", json!({ "deployment": last["details"]["deployment"]["id"] }))?;
        agent.call("resume_deployment", json!({}))?;
    }
    // The shop has no databases, so these say why not.
    for tool in ["create_snapshot", "migrate", "undo_migrations", "get_migration_status", "check_schema"] {
        agent.call(tool, json!({}))?;
    }
    for tool in ["show_snapshot", "restore_snapshot"] {
        agent.call(tool, json!({ "snapshot": "none" }))?;
    }
    agent.call("check_manifest", json!({}))?;
    let back = agent.call("rollback", json!({}))?;
    agent.call("rollback", json!({ "plan_hash": back["details"]["plan"]["hash"] })).map(drop)
}

/// What a call costs: one whose operation ends as soon as it has read the manifest, so that nearly all of it is the road there and back; and one
/// beside the same operation on the command line, from which the start of a process is taken away.
fn calls(shop: &Ground, agent: &mut Agent) -> Result<[Row; 2], String> {
    let mut times: [Vec<f64>; 4] = Default::default();
    for _ in 0..TIMES {
        // In turns, so that what disturbs the machine disturbs all of them.
        let of = [
            timed(|| agent.call("get_deployment_status", json!({ "environment": "nowhere" })).map(drop))?,
            timed(|| agent.call("get_deployment_status", json!({})).map(drop))?,
            shop.timed("status local")?,
            shop.timed("schema status")?,
        ];
        times.iter_mut().zip(of).for_each(|(times, time)| times.push(time * 1e3));
    }
    let [nowhere, call, command, start] = times.map(middle);
    let alone = Row::new("a call beyond its operation", nowhere, "ms").goal(Goal::AtMost(5.0));
    Ok([alone, Row::new("call of get_deployment_status", call, "ms").against("command without its start", command - start)])
}
