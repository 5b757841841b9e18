//! How a deployment ended well: one line that says it, and where to look.

use owo_colors::OwoColorize;
use plimsoll_model::deployment::Outcome;
use plimsoll_model::plan::{Change, Intent};
use plimsoll_ops::DeploymentView;

use super::measure::{count, duration};
use super::table::table;

/// The end of a deployment that is live or had nothing to do.
pub fn ended(deployment: &DeploymentView) -> String {
    let mut text = headline(deployment);
    let rows: Vec<[String; 3]> = deployment
        .components
        .iter()
        .map(|component| [format!("  {}", component.name), component.change.to_string(), component.url.clone().unwrap_or_default()])
        .collect();
    text += &table(&rows);
    for leftover in &deployment.leftovers {
        text += &format!("{} left to do, and harmless: {leftover}\n", "warning:".yellow());
    }
    text
}

fn headline(deployment: &DeploymentView) -> String {
    let (key, took) = (deployment.key.bold().to_string(), duration(deployment.duration_ms));
    if deployment.outcome == Outcome::Unchanged {
        return format!("{key} is {}: nothing to do ({took})\n", "unchanged".green());
    }
    let changed = deployment.components.iter().filter(|component| component.change != Change::None).count();
    let what = format!("{} changed in {took}", count(changed, "component"));
    match deployment.intent {
        Intent::Deploy => format!("{key} {}: {}, {what}\n", "is live".green(), deployment.version),
        Intent::Rollback { .. } => format!("{key} {}: {}, {what}\n", "is rolled back".green(), deployment.version),
        Intent::Migrate => format!("{key} {}, {what}\n", "is migrated".green()),
        Intent::Down => format!("{key} {}, {what}\n", "is taken away".green()),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::deployment::Failure;
    use plimsoll_model::{ComponentName, Digest, PlanHash};
    use plimsoll_ops::ComponentView;

    use super::super::plain;
    use super::*;

    fn view(outcome: Outcome, intent: Intent) -> DeploymentView {
        let component = |name: &str, change, url: Option<&str>| ComponentView {
            name: ComponentName::new(name).unwrap(),
            change,
            release: None,
            url: url.map(str::to_owned),
        };
        DeploymentView {
            id: None,
            outcome,
            duration_ms: 4_210,
            plan: PlanHash(Digest::of(b"plan")),
            intent,
            key: serde_json::from_str(r#"{"project":"shop","environment":"local"}"#).unwrap(),
            commit: None,
            version: "1.4.0".into(),
            dirty: false,
            components: vec![component("admin", Change::None, Some("http://localhost:4001/")), component("mailer", Change::Release, None)],
            leftovers: Vec::new(),
            failure: None,
        }
    }

    #[test]
    fn the_end_is_told_in_one_line() {
        insta::assert_snapshot!(plain(&ended(&view(Outcome::Committed, Intent::Deploy))), @r#"
        shop/local is live: 1.4.0, 1 component changed in 4.2 s
          admin   unchanged    http://localhost:4001/
          mailer  new release
        "#);
        insta::assert_snapshot!(plain(&ended(&view(Outcome::Unchanged, Intent::Deploy))), @r#"
        shop/local is unchanged: nothing to do (4.2 s)
          admin   unchanged    http://localhost:4001/
          mailer  new release
        "#);
        let gone = DeploymentView { leftovers: vec![Failure::new("prune", "release 1 cannot be deleted")], ..view(Outcome::Committed, Intent::Down) };
        insta::assert_snapshot!(plain(&ended(&gone)), @r#"
        shop/local is taken away, 1 component changed in 4.2 s
          admin   unchanged    http://localhost:4001/
          mailer  new release
        warning: left to do, and harmless: release 1 cannot be deleted
        "#);
    }
}
