//! Why there is no certificate, in the authority's own words where it said any.

use std::time::{Duration, SystemTime};

use instant_acme::{Error, Problem};
use plimsoll_model::route::Enrolment;
use plimsoll_model::time::Moment;

/// How much of what an authority says is told, in characters.
const LONGEST: usize = 600;

/// There is no certificate, and nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of trouble.
    pub why: Why,
    /// What happened, for people.
    pub message: String,
    /// What to do.
    pub help: String,
    /// How long the authority wants not to be asked again.
    pub wait: Option<Wait>,
}

/// Why there is no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The authority did not answer, or not as one does.
    Unreachable,
    /// It refuses.
    Refused,
    /// It was asked too often.
    Limited,
    /// It could not fetch the proof, or fetched another one.
    Unproven,
    /// It does not know the account any more.
    Unknown,
}

/// A time to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// From now, in milliseconds.
    For(u64),
    /// Until then.
    Until(Moment),
}

impl Why {
    /// Stable name of the kind.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Why::Unreachable => "acme-unreachable",
            Why::Refused => "acme-refused",
            Why::Limited => "acme-limited",
            Why::Unproven => "acme-unproven",
            Why::Unknown => "acme-account-unknown",
        }
    }
}

/// What ends a conversation early.
pub(crate) enum Trouble {
    /// What the authority, or the way there, answered.
    Asked(Error),
    /// What it said of the proof.
    Proof(Problem),
    /// The proof could not be shown: why.
    Hidden(String),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Asked(error)
    }
}

/// What is to be told of `trouble`.
pub(crate) fn of(enrolment: &Enrolment, trouble: &Trouble, wait: Option<Wait>) -> Refusal {
    let Enrolment { directory, host, .. } = enrolment;
    let refusal = |why, message, help: &str| Refusal { why, message, help: help.into(), wait };
    match trouble {
        Trouble::Asked(Error::Api(problem)) => {
            let message = format!("{directory} refuses a certificate for {host}: {}", words(problem));
            match kind(problem) {
                "rateLimited" => refusal(Why::Limited, message, "wait as long as it says; what serves goes on"),
                "accountDoesNotExist" => refusal(Why::Unknown, message, "ask again: a new account is made"),
                kind if is_of_proof(kind) => refusal(Why::Unproven, message, PROOF),
                _ => refusal(Why::Refused, message, "see that the host name and the mail address are right; the authority's own words say more"),
            }
        }
        Trouble::Asked(Error::Timeout(_)) => {
            refusal(Why::Unreachable, format!("{directory} has not decided on a certificate for {host} in time"), "try again later")
        }
        Trouble::Asked(error) => {
            let message = format!("{directory} cannot be asked for a certificate for {host}: {}", plain(&error.to_string()));
            refusal(Why::Unreachable, message, "see that the host reaches it, and that the URL is that of a directory")
        }
        Trouble::Proof(problem) => {
            let message = format!("{directory} could not make sure that {host} is this host: {}", words(problem));
            refusal(Why::Unproven, message, PROOF)
        }
        Trouble::Hidden(why) => {
            let message = format!("the proof for {host} cannot be shown to {directory}: {}", plain(why));
            refusal(Why::Unproven, message, "see what stands in the way on the host")
        }
    }
}

/// What to do where a proof was not found.
const PROOF: &str = "have the host name lead to this host alone (A and AAAA records), and let port 80 through from everywhere";

/// Kinds that tell of the proof and what leads to it.
fn is_of_proof(kind: &str) -> bool {
    ["connection", "dns", "incorrectResponse", "unauthorized", "tls", "caa"].contains(&kind)
}

fn kind(problem: &Problem) -> &str {
    problem.r#type.as_deref().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default()
}

fn words(problem: &Problem) -> String {
    let mut said = vec![problem.detail.clone().unwrap_or_else(|| "it does not say why".into())];
    said.extend(problem.subproblems.iter().filter_map(|sub| sub.detail.clone()));
    let kind = Some(kind(problem)).filter(|kind| !kind.is_empty()).map(|kind| format!(" ({kind})")).unwrap_or_default();
    plain(&(said.join("; ") + &kind))
}

/// It comes from outside, and is shown on a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

/// What a header `Retry-After` asks for.
pub(crate) fn wait(header: &str) -> Option<Wait> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Wait::For(seconds.saturating_mul(1_000)));
    }
    let at = httpdate::parse_http_date(header).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Wait::Until(Moment(i64::try_from(Duration::as_millis(&at)).ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str, detail: &str) -> Problem {
        let text = serde_json::json!({ "type": format!("urn:ietf:params:acme:error:{kind}"), "detail": detail });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn the_authoritys_own_words_are_told() {
        let enrolment = Enrolment { directory: "https://ca.example".into(), contact: "a@b.example".into(), root: None, host: "shop.example".into() };
        for (trouble, code, says) in [
            (Trouble::Asked(problem("rateLimited", "too many\ncertificates").into()), "acme-limited", "too many certificates (rateLimited)"),
            (
                Trouble::Asked(problem("rejectedIdentifier", "policy forbids").into()),
                "acme-refused",
                "refuses a certificate for shop.example: policy",
            ),
            (Trouble::Asked(problem("accountDoesNotExist", "who?").into()), "acme-account-unknown", "who?"),
            (Trouble::Asked(problem("caa", "CAA forbids").into()), "acme-unproven", "CAA forbids (caa)"),
            (Trouble::Asked(Error::Timeout(None)), "acme-unreachable", "has not decided"),
            (Trouble::Asked(Error::Str("x")), "acme-unreachable", "https://ca.example cannot be asked"),
            (Trouble::Proof(problem("connection", "timeout")), "acme-unproven", "that shop.example is this host: timeout (connection)"),
            (Trouble::Hidden("port 80 is taken".into()), "acme-unproven", "port 80 is taken"),
        ] {
            let refusal = of(&enrolment, &trouble, None);
            assert!(refusal.why.code() == code && refusal.message.contains(says) && !refusal.help.is_empty(), "{refusal:?}");
        }
    }

    #[test]
    fn a_time_to_wait_is_read() {
        for (header, expect) in [
            ("120", Some(Wait::For(120_000))),
            (" 0 ", Some(Wait::For(0))),
            ("Thu, 01 Jan 1970 00:01:00 GMT", Some(Wait::Until(Moment(60_000)))),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(wait(header), expect, "{header}");
        }
    }
}
