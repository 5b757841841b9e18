//! What serves in an environment.

use owo_colors::OwoColorize;
use plimsoll_model::HostName;
use plimsoll_model::copy::Copies;
use plimsoll_model::slot::Condition;
use plimsoll_ops::status::{Component, Open, Output, Slot};

use super::measure::{count, moment};
use super::table::table;

/// The environment and each of its components.
pub fn status(output: &Output) -> String {
    let key = output.key.bold().to_string();
    if output.components.is_empty() {
        return format!("{key}: nothing is deployed\n{}{}", absent(output), output.open.as_ref().map(open).unwrap_or_default());
    }
    let mut text = format!("{key}: {}\n{}", health(output.healthy), absent(output));
    text += &table(&output.components.iter().map(row).collect::<Vec<_>>());
    for component in &output.components {
        text += &component.trouble.iter().map(|why| format!("{}: {why}\n", component.name)).collect::<String>();
        text += &place(component, output.hosts.len());
        text += &backup(component);
        text += &component.certificate_trouble.iter().map(|why| format!("{}: {why}\n", component.name)).collect::<String>();
        text += &component.slots.iter().map(slot).collect::<String>();
    }
    if let Some(last) = &output.deployment {
        text += &format!("deployed {} by {} (deployment {})\n", moment(last.started_at), last.actor, last.id);
    }
    text + &output.open.as_ref().map(open).unwrap_or_default()
}

/// The hosts that do not answer.
fn absent(output: &Output) -> String {
    let troubles = output.hosts.iter().filter_map(|host| host.trouble.as_ref());
    troubles.map(|trouble| format!("{} {trouble}\n", "note:".yellow())).collect()
}

fn health(healthy: bool) -> String {
    if healthy { "healthy".green().to_string() } else { "not healthy".red().to_string() }
}

fn row(component: &Component) -> [String; 5] {
    [
        format!("  {}", component.name),
        health(component.healthy),
        component.version.clone().unwrap_or_default(),
        component.since.map(|since| format!("since {}", moment(since))).unwrap_or_default(),
        component.url.clone().unwrap_or_default(),
    ]
}

/// How it stands with the backups of a database.
fn backup(component: &Component) -> String {
    match (&component.backup_trouble, component.backed_up_at) {
        (Some(trouble), _) => format!("{} {trouble}\n", "note:".yellow()),
        (None, Some(at)) => format!("{}: last verified backup {}{}\n", component.name, moment(at), copies(component)),
        (None, None) if component.database => format!("{}: no verified backup\n", component.name),
        (None, None) => String::new(),
    }
}

/// Where its backups are besides.
fn copies(component: &Component) -> String {
    let Some(Copies { to, newest }) = &component.copies else { return String::new() };
    match newest {
        Some(at) if component.backed_up_at == Some(*at) => format!(", copied to {to}"),
        Some(at) => format!("; at {to} there is that of {}", moment(*at)),
        None => format!(", and none was copied to {to} yet"),
    }
}

/// Where it is, when that is not everywhere.
fn place(component: &Component, hosts: usize) -> String {
    let named: Vec<&str> = component.hosts.iter().map(HostName::as_str).collect();
    if named.len() < hosts { format!("{}: only on {}\n", component.name, named.join(", ")) } else { String::new() }
}

fn slot(Slot { host, slot }: &Slot) -> String {
    let on = if *host == HostName::local() { String::new() } else { format!(" on {host}") };
    let condition = match slot.condition {
        Condition::Running => "running",
        Condition::Restarting => "about to be started again",
        Condition::Stopped => "stopped",
    };
    let pid = slot.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
    let restarts = if slot.restarts == 0 { String::new() } else { format!(", {}", count(slot.restarts as usize, "restart")) };
    format!("  slot {}{on}: {condition}, port {}{pid}{restarts}\n", slot.slot, slot.port)
}

fn open(open: &Open) -> String {
    let state = if open.expired { "was cut off" } else { "is under way" };
    format!("{} deployment {} of {} {state}: {}\n", "note:".yellow(), open.id, open.holder, open.stage)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::deployment::Failure;
    use plimsoll_model::slot::ObservedSlot;
    use plimsoll_model::time::Moment;
    use plimsoll_model::{ComponentName, ConfigHash, Digest, ReleaseId, SlotId};
    use serde_json::json;

    use super::super::plain;
    use super::*;

    fn component(name: &str, trouble: Option<&str>) -> Component {
        let name = ComponentName::new(name).unwrap();
        let release = ReleaseId(Digest::of(b"release"));
        let config = ConfigHash(Digest::of(b"config"));
        let slot = SlotId::numbered(&name, 2);
        Component {
            release: Some(release),
            version: Some("1.4.0".into()),
            commit: None,
            since: Some(Moment(1_768_660_200_007)),
            healthy: trouble.is_none(),
            trouble: trouble.map(str::to_owned),
            certificate_trouble: None,
            database: false,
            backed_up_at: None,
            copies: None,
            backup_trouble: None,
            url: Some("http://localhost:4000/".into()),
            hosts: vec![HostName::local()],
            slots: vec![Slot {
                host: HostName::local(),
                slot: ObservedSlot { slot, release, config, port: 20_001, condition: Condition::Running, restarts: 1, pid: Some(77) },
            }],
            name,
        }
    }

    fn output(components: Vec<Component>) -> Output {
        let key = serde_json::from_value(json!({ "project": "shop", "environment": "local" })).unwrap();
        Output { key, healthy: components.iter().all(|component| component.healthy), hosts: Vec::new(), components, deployment: None, open: None }
    }

    #[test]
    fn what_serves_is_told() {
        let output = output(vec![component("backend", None), component("mailer", Some("GET /health: 500"))]);
        insta::assert_snapshot!(plain(&status(&output)), @r#"
        shop/local: not healthy
          backend  healthy      1.4.0  since 2026-01-17 14:30:00 UTC  http://localhost:4000/
          mailer   not healthy  1.4.0  since 2026-01-17 14:30:00 UTC  http://localhost:4000/
          slot backend-2: running, port 20001, pid 77, 1 restart
        mailer: GET /health: 500
          slot mailer-2: running, port 20001, pid 77, 1 restart
        "#);
    }

    #[test]
    fn that_nothing_serves_is_told_too() {
        let holder = serde_json::from_value(json!({ "user": "me", "machine": "here", "pid": 7, "surface": "cli" })).unwrap();
        let stage = plimsoll_model::deployment::Stage::Sealed;
        let id = plimsoll_model::DeploymentId::new("20260117-1").unwrap();
        let open = Open { id, holder, stage, lease_until: Moment(0), expired: true };
        insta::assert_snapshot!(plain(&status(&Output { open: Some(open), ..output(Vec::new()) })), @r#"
        shop/local: nothing is deployed
        note: deployment 20260117-1 of me@here (cli, pid 7) was cut off: sealed
        "#);
    }

    #[test]
    fn hosts_elsewhere_are_named_and_those_that_do_not_answer_told() {
        let mut web = component("web", None);
        let away = |host: &str| Slot { host: HostName::new(host).unwrap(), ..web.slots[0].clone() };
        web.slots = vec![away("h1"), away("h2")];
        let trouble = Failure::new("ssh-timeout", "h3 cannot be reached: it does not answer in time");
        web.hosts = ["h1", "h2"].map(|host| HostName::new(host).unwrap()).to_vec();
        let host = |name: &str, trouble| plimsoll_ops::status::Host { name: HostName::new(name).unwrap(), trouble };
        let hosts = vec![host("h1", None), host("h2", None), host("h3", Some(trouble))];
        insta::assert_snapshot!(plain(&status(&Output { hosts, healthy: false, ..output(vec![web]) })), @r#"
        shop/local: not healthy
        note: h3 cannot be reached: it does not answer in time
          web  healthy  1.4.0  since 2026-01-17 14:30:00 UTC  http://localhost:4000/
        web: only on h1, h2
          slot web-2 on h1: running, port 20001, pid 77, 1 restart
          slot web-2 on h2: running, port 20001, pid 77, 1 restart
        "#);
    }
}
