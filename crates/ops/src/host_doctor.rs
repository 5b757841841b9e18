//! Tells everything that could go wrong on a host, or on all hosts of an environment, with what to do about it. Nothing is changed.
//!
//! What a host sees of itself it tells in one answer ([`crate::examine`]), and `plimsoll_inspect` judges that here.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use plimsoll_api::HostError;
use plimsoll_connect::is_newer;
use plimsoll_inspect::{Asked, Case, Daemon, Facts, inspect};
use plimsoll_model::finding::{Finding, Severity};
use plimsoll_model::{EnvironmentName, HostName, manifest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bring::Bringing;
use crate::{Context, Exit, OpError, Progress, examine, hosts, project};

/// How many hosts are looked at at once.
const AT_ONCE: usize = 16;

/// What to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// An environment of the manifest, or else a host as one would write it after `ssh`; this machine when absent.
    pub target: Option<HostName>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The hosts, in the order of the manifest.
    pub hosts: Vec<Examined>,
}

/// A host.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Examined {
    /// Its name.
    pub host: HostName,
    /// Whether it can be deployed to at all.
    pub usable: bool,
    /// What could go wrong there, the worst first.
    pub findings: Vec<Finding>,
}

/// Looks at all of them.
///
/// # Errors
/// `host-unusable` (exit code 4) when one cannot be deployed to, `host-unwell` (exit code 1) when there are errors among the findings. All
/// that was found is in the details.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let (named, asked) = targets(context, input.target)?;
    let asked = &asked;
    let looks: Vec<_> = named.into_iter().map(|host| async move { look(context, host, asked).await }).collect();
    let hosts = stream::iter(looks).buffered(AT_ONCE).collect().await;
    judged(Output { hosts })
}

/// Warnings are no failure.
fn judged(output: Output) -> Result<Output, OpError> {
    let findings: Vec<Finding> = output.hosts.iter().flat_map(|examined| examined.findings.clone()).collect();
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let unusable: Vec<&str> = output.hosts.iter().filter(|examined| !examined.usable).map(|examined| examined.host.as_str()).collect();
    let (exit, code, message) = match (unusable.as_slice(), errors) {
        ([], 0) => return Ok(output),
        ([], _) => (Exit::Failed, "host-unwell", format!("{errors} of {} findings are errors", findings.len())),
        (unusable, _) => (Exit::Host, "host-unusable", format!("nothing can be deployed to {}", unusable.join(", "))),
    };
    let details = serde_json::to_value(&output).ok();
    Err(OpError { findings, details, ..OpError::new(exit, code, message).with_help("do what the help of each finding says, then look again") })
}

/// An environment comes before a host that is called alike.
fn targets(context: &Context, target: Option<HostName>) -> Result<(Vec<HostName>, Asked), OpError> {
    let Some(target) = target else { return Ok((vec![HostName::local()], Asked::default())) };
    let environment = EnvironmentName::new(target.as_str()).ok();
    let known = |name: &EnvironmentName| project::read(context).is_ok_and(|text| manifest::environments(&text).contains(name));
    let Some(environment) = environment.filter(known) else { return Ok((vec![target], Asked::default())) };
    let loaded = project::load(context, &environment)?;
    let routes = loaded.project.components.values().filter_map(|component| component.route.as_ref());
    let ports: BTreeSet<u16> = routes.flat_map(plimsoll_model::route::RouteSpec::ports).collect();
    Ok((loaded.project.environment.hosts.clone(), Asked { environment: Some(loaded.key()), ports }))
}

async fn look(context: &Context, host: HostName, asked: &Asked) -> Examined {
    let before = hosts::now();
    let told = if host == HostName::local() { Ok(examine(context, asked).await) } else { from_afar(context, &host, asked).await };
    match told {
        Ok(facts) => {
            let case = Case { host: &host, asked_at: (before, hosts::now()), version: env!("CARGO_PKG_VERSION"), asked, facts: &facts };
            let findings = inspect(&case);
            Examined { usable: !matches!(facts.daemon, Daemon::Fails(_)), host, findings }
        }
        Err(error) => Examined { findings: vec![barrier(error)], usable: false, host },
    }
}

async fn from_afar(context: &Context, host: &HostName, asked: &Asked) -> Result<Facts, HostError> {
    let ground = context.ssh.survey(host).await?;
    let wanted = serde_json::to_vec(asked).expect("what is asked is made of names and numbers");
    let mut told = None;
    let hear = |line: String| told = told.take().or_else(|| serde_json::from_str(&line).ok());
    let ended = context.ssh.examine(host, &wanted, hear).await;
    match (ended, told) {
        (Ok(()), Some(facts)) => Ok(facts),
        (ended, _) => Err(barred(context, host, &ground.version, ended.err()).await),
    }
}

/// Why a host that lets us in does not tell what it is.
async fn barred(context: &Context, host: &HostName, version: &Option<String>, error: Option<HostError>) -> HostError {
    let failure = |code: &str, why: String, help: String| HostError::Barred {
        host: host.clone(),
        failure: plimsoll_model::deployment::Failure::new(code, why).with_help(help),
    };
    match version {
        // It may be no machine for this program, which matters more than that it has none.
        None => Bringing::look(context, host).await.and_then(|bringing| bringing.fits(host)).err().map_or_else(
            || failure("plimsoll-missing", "it has no plimsoll".into(), format!("install it: plimsoll host add {host}")),
            |error| failure(&error.code, error.message, error.help.unwrap_or_default()),
        ),
        Some(version) if is_newer(env!("CARGO_PKG_VERSION"), version) => {
            failure("host-older", format!("it has plimsoll {version}"), format!("upgrade it: plimsoll host upgrade {host}"))
        }
        Some(_) => error.unwrap_or_else(|| {
            failure("host-unfit", "its plimsoll does not tell what it sees".into(), format!("see what this tells: ssh {host} plimsoll host examine"))
        }),
    }
}

fn barrier(error: HostError) -> Finding {
    let failure = error.to_failure();
    Finding { severity: Severity::Error, code: failure.code, place: None, message: failure.message, help: failure.help }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::Scene;

    const TEXT: &str = "name = \"shop\"\n[components.web]\nrun = \"./web\"\nroute = { port = 4000 }\n[environments.far]\nhosts = [\"deploy@a.example\", \"deploy@b.example\"]\n";

    #[test]
    fn an_environment_stands_for_its_hosts_and_anything_else_for_itself() {
        let scene = Scene::new(&[("plimsoll.toml", TEXT)]);
        for (target, expect, ports) in [
            (None, vec!["local"], vec![]),
            (Some("far"), vec!["deploy@a.example", "deploy@b.example"], vec![4000]),
            (Some("deploy@c.example"), vec!["deploy@c.example"], vec![]),
            (Some("fra"), vec!["fra"], vec![]),
        ] {
            let (hosts, asked) = targets(&scene.context, target.map(|target| target.parse().unwrap())).unwrap();
            assert_eq!(hosts.iter().map(HostName::as_str).collect::<Vec<_>>(), expect, "{target:?}");
            assert_eq!(asked.ports.into_iter().collect::<Vec<u16>>(), ports, "{target:?}");
        }
    }

    #[test]
    fn how_it_ends_follows_from_what_was_found() {
        let finding = |severity| Finding { severity, code: "c".into(), place: None, message: "m".into(), help: None };
        let output = |usable, findings: &[Severity]| Output {
            hosts: vec![Examined { host: HostName::local(), usable, findings: findings.iter().map(|severity| finding(*severity)).collect() }],
        };
        for (usable, findings, expect) in [
            (true, &[][..], None),
            (true, &[Severity::Note, Severity::Warning], None),
            (true, &[Severity::Warning, Severity::Error], Some(("host-unwell", Exit::Failed))),
            (false, &[Severity::Error], Some(("host-unusable", Exit::Host))),
        ] {
            let ended = judged(output(usable, findings)).err();
            assert_eq!(ended.as_ref().map(|error| (error.code.as_str(), error.exit)), expect, "{findings:?}");
            assert!(ended.is_none_or(|error| error.findings.len() == findings.len() && error.details.is_some()));
        }
    }

    #[tokio::test]
    async fn this_machine_is_looked_at_without_making_it_a_host() {
        let scene = Scene::new(&[]);
        let facts = examine(&scene.context, &Asked::default()).await;
        assert!(facts.disk.is_some_and(|disk| disk.bytes > 0) && facts.memory.is_some_and(|memory| memory.bytes > 0));
        assert!(!scene.context.home.exists());
    }
}
