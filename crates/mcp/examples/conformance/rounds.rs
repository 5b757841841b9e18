//! Tools and a prompt that need to be told something first: each round asks, the last answer comes when all is told (revision 2026-07-28).

use plimsoll_model::Digest;
use rmcp::ErrorData;
use rmcp::model::{ClientCapabilities, InputRequests, InputRequiredResult, InputResponses};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fixture;

/// What nobody else can seal with.
const KEY: [u8; 32] = *b"a key that is good for a fixture";

/// A way of asking.
#[derive(Debug, Deserialize)]
struct Rounds {
    /// What is asked in each round.
    rounds: Vec<serde_json::Map<String, Value>>,
    /// What is said when all is told.
    says: String,
    /// Whether the client carries the number of the round, sealed.
    #[serde(default)]
    sealed: bool,
    /// Whether only what the client says that it can do is asked of it.
    #[serde(default)]
    declared: bool,
}

/// What comes of a call.
pub enum Turn {
    /// More has to be told.
    Ask(InputRequiredResult),
    /// What is said in the end.
    Say(String),
}

/// The turn of the one that is called so, or none when there is no such one.
pub fn turn(name: &str, state: Option<&str>, told: Option<&InputResponses>, client: Option<&ClientCapabilities>) -> Option<Result<Turn, ErrorData>> {
    let rounds: Rounds = fixture::read(fixture::named("rounds", name)?.clone());
    Some(rounds.turn(state, told, client))
}

impl Rounds {
    fn turn(&self, state: Option<&str>, told: Option<&InputResponses>, client: Option<&ClientCapabilities>) -> Result<Turn, ErrorData> {
        let round = state.map(opened).transpose()?;
        let answered = round.or((!self.sealed).then_some(0)).filter(|round| self.is_told(*round, told));
        match answered {
            Some(last) if last + 1 == self.rounds.len() => Ok(Turn::Say(self.said(told))),
            Some(round) => Ok(self.ask(round + 1, client)),
            None => Ok(self.ask(round.unwrap_or(0), client)),
        }
    }

    fn is_told(&self, round: usize, told: Option<&InputResponses>) -> bool {
        let Some((asked, told)) = self.rounds.get(round).zip(told) else { return false };
        // Who was asked for less has told less.
        let fits = |name: &String| told.get(name).is_some_and(Value::is_object);
        if self.declared { asked.keys().any(fits) } else { asked.keys().all(fits) }
    }

    fn ask(&self, round: usize, client: Option<&ClientCapabilities>) -> Turn {
        let asked: serde_json::Map<String, Value> = self.rounds[round]
            .iter()
            .filter(|(_, request)| !self.declared || can(client, request))
            .map(|(name, request)| (name.clone(), request.clone()))
            .collect();
        let requests: InputRequests = fixture::read(asked.into());
        Turn::Ask(InputRequiredResult::new(Some(requests), self.sealed.then(|| sealed(round))))
    }

    fn said(&self, told: Option<&InputResponses>) -> String {
        let said = fixture::filled(&json!(self.says), &json!(told));
        said.as_str().unwrap_or_default().to_owned()
    }
}

/// Whether a client says that it can do what is asked.
fn can(client: Option<&ClientCapabilities>, request: &Value) -> bool {
    client.is_some_and(|client| match request["method"].as_str() {
        Some("elicitation/create") => client.elicitation.is_some(),
        Some("sampling/createMessage") => client.sampling.is_some(),
        Some("roots/list") => client.roots.is_some(),
        _ => false,
    })
}

fn sealed(round: usize) -> String {
    format!("{round}.{}", Digest::keyed(&KEY, round.to_string().as_bytes()))
}

fn opened(state: &str) -> Result<usize, ErrorData> {
    let round = state.split_once('.').and_then(|(round, _)| round.parse().ok());
    round.filter(|round| sealed(*round) == state).ok_or_else(|| ErrorData::invalid_params("the requestState is not one of ours", None))
}
