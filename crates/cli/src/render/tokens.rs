//! Tokens: by name, with how far they reach.

use owo_colors::OwoColorize;
use plimsoll_ops::{TokenState, TokenView, token_create, token_list, token_revoke};

use super::measure::moment;
use super::table::table;

/// A new one, the token itself first, on a line of its own.
pub fn created(output: &token_create::Output) -> String {
    let about = &output.about;
    format!(
        "{}\n{}: {}, until {}. It is not shown again: keep it where secrets are kept\n",
        output.token,
        about.name.bold(),
        reach(about),
        moment(about.expires_at)
    )
}

/// A table of tokens, the oldest first.
pub fn list(output: &token_list::Output) -> String {
    if output.tokens.is_empty() {
        return format!("{} has no token\n", output.project);
    }
    let head = ["token", "id", "state", "expires", "reaches"].map(|title| title.dimmed().to_string());
    table(&std::iter::once(head).chain(output.tokens.iter().map(row)).collect::<Vec<_>>())
}

/// One that is not taken any more.
pub fn revoked(output: &token_revoke::Output) -> String {
    format!("{} ({}) is not taken any more\n", output.about.name.bold(), output.about.id)
}

fn row(token: &TokenView) -> [String; 5] {
    [token.name.clone(), token.id.clone(), state(token.state), moment(token.expires_at), reach(token)]
}

fn state(state: TokenState) -> String {
    match state {
        TokenState::Valid => "valid".green().to_string(),
        TokenState::Expired => "expired".dimmed().to_string(),
        TokenState::Revoked => "revoked".red().to_string(),
    }
}

fn reach(token: &TokenView) -> String {
    let names: Vec<&str> = token.scope.environments.iter().map(plimsoll_model::EnvironmentName::as_str).collect();
    let places = if names.is_empty() { "all environments".to_owned() } else { names.join(", ") };
    if token.scope.read_only { format!("{places}, to look at") } else { places }
}

#[cfg(test)]
mod tests {
    use super::super::plain;
    use super::*;
    use plimsoll_model::time::Moment;
    use plimsoll_ops::Scope;

    #[test]
    fn tokens_are_told_by_name_and_reach() {
        let token = |name: &str, state, read_only, environments: &[&str]| TokenView {
            id: "1f2e3d4c".into(),
            name: name.into(),
            state,
            scope: Scope { read_only, environments: environments.iter().map(|name| name.parse().unwrap()).collect() },
            created_at: Moment(0),
            expires_at: Moment(1_768_660_200_007),
            revoked_at: None,
        };
        let tokens = vec![token("ci", TokenState::Valid, false, &[]), token("looker", TokenState::Revoked, true, &["dev", "local"])];
        let output = token_list::Output { project: "shop".parse().unwrap(), tokens };
        insta::assert_snapshot!(plain(&list(&output)), @r"
        token   id        state    expires                  reaches
        ci      1f2e3d4c  valid    2026-01-17 14:30:00 UTC  all environments
        looker  1f2e3d4c  revoked  2026-01-17 14:30:00 UTC  dev, local, to look at
        ");
        let made = token_create::Output { token: "plimsoll_7f".into(), about: output.tokens[1].clone() };
        insta::assert_snapshot!(plain(&created(&made)), @r"
        plimsoll_7f
        looker: dev, local, to look at, until 2026-01-17 14:30:00 UTC. It is not shown again: keep it where secrets are kept
        ");
        assert_eq!(list(&token_list::Output { tokens: Vec::new(), ..output }), "shop has no token\n");
    }
}
