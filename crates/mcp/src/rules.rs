//! What an agent may do: what whoever started the server lets all of them do, and within that, how far the agent's own token reaches. What an
//! environment lets agents do is judged elsewhere: by its own hosts.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::{Exit, Grant, OpError, Scope};

/// What one agent may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// What the server was started for.
    pub(crate) server: &'a Scope,
    /// The agent's token. None where it has started the server itself.
    pub(crate) token: Option<&'a Grant>,
}

impl Rules<'_> {
    /// Whether nothing may be changed.
    pub(crate) fn read_only(&self) -> bool {
        self.server.read_only || self.token.is_some_and(|grant| grant.scope.read_only)
    }

    /// Refuses an environment that may not be named.
    pub(crate) fn judge(&self, environment: &EnvironmentName) -> Result<(), OpError> {
        judge(self.server, environment, || "this server was started".into(), "a person can start it with --allow-env for more")?;
        let Some(Grant { name, scope, .. }) = self.token else { return Ok(()) };
        judge(scope, environment, || format!("the token {name} is"), "a person can make a token for it: plimsoll token create NAME --allow-env ENV")
    }
}

fn judge(scope: &Scope, environment: &EnvironmentName, who: impl Fn() -> String, help: &str) -> Result<(), OpError> {
    if scope.environments.is_empty() || scope.environments.contains(environment) {
        return Ok(());
    }
    let names: Vec<&str> = scope.environments.iter().map(EnvironmentName::as_str).collect();
    let message = format!("{} for {} alone, and {environment} is another environment", who(), names.join(", "));
    Err(OpError::new(Exit::Refused, "environment-not-allowed", message).with_help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(read_only: bool, environments: &[&str]) -> Scope {
        Scope { read_only, environments: environments.iter().map(|name| name.parse().unwrap()).collect() }
    }

    #[test]
    fn a_token_reaches_no_further_than_its_server() {
        let check = |server: &[&str], token: Option<&[&str]>, expect: &[&str]| {
            let server = scope(false, server);
            let grant = token.map(|token| Grant { id: "1".into(), name: "ci".into(), scope: scope(false, token) });
            let rules = Rules { server: &server, token: grant.as_ref() };
            let allowed = ["dev", "production", "local"].into_iter().filter(|name| rules.judge(&name.parse().unwrap()).is_ok());
            assert_eq!(allowed.collect::<Vec<_>>(), expect, "{rules:?}");
        };
        check(&[], None, &["dev", "production", "local"]);
        check(&["dev"], None, &["dev"]);
        check(&[], Some(&[]), &["dev", "production", "local"]);
        check(&[], Some(&["dev"]), &["dev"]);
        check(&["dev", "local"], Some(&["dev", "production"]), &["dev"]);
        // Where nothing is left, nothing is allowed.
        check(&["dev"], Some(&["production"]), &[]);
    }

    #[test]
    fn who_may_only_look_is_told_by_either() {
        for (server, token, expect) in
            [(false, None, false), (true, None, true), (false, Some(false), false), (true, Some(false), true), (false, Some(true), true)]
        {
            let grant = token.map(|read_only| Grant { id: "1".into(), name: "ci".into(), scope: scope(read_only, &[]) });
            assert_eq!(Rules { server: &scope(server, &[]), token: grant.as_ref() }.read_only(), expect);
        }
    }

    #[test]
    fn a_refusal_says_whose_it_is() {
        let (server, all) = (scope(false, &["dev"]), Scope::default());
        let grant = Grant { id: "1".into(), name: "ci".into(), scope: server.clone() };
        let production = "production".parse().unwrap();
        let error = Rules { server: &server, token: None }.judge(&production).unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("environment-not-allowed", Exit::Refused));
        assert_eq!(error.message, "this server was started for dev alone, and production is another environment");
        let error = Rules { server: &all, token: Some(&grant) }.judge(&production).unwrap_err();
        assert_eq!(error.message, "the token ci is for dev alone, and production is another environment");
    }
}
