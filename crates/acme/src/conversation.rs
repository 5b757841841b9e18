//! What is said to an authority, in its order.

use std::time::Duration;

use async_trait::async_trait;
use instant_acme::{
    Account, AccountCredentials, AuthorizationHandle, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, Problem, RetryPolicy,
};
use plimsoll_model::Secret;
use plimsoll_model::route::Enrolment;

use crate::http::Client;
use crate::refusal::Trouble;

/// How often an authority is asked whether it has decided, and for how long: it tells nobody when it has.
const ASKING: RetryPolicy = RetryPolicy::new().initial_delay(Duration::from_millis(250)).backoff(1.5).timeout(Duration::from_secs(20));

/// A certificate as it was issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// Its chain, in PEM.
    pub chain: String,
    /// Its private key, in PEM.
    pub key: Secret<String>,
}

/// Shows what proves that a host name is one's own.
#[async_trait]
pub trait Prover: Send + Sync {
    /// Answers `text` from now on to who asks the host name for `/.well-known/acme-challenge/TOKEN` by plain HTTP. A token is made of
    /// letters, digits, `-` and `_`.
    ///
    /// # Errors
    /// Why that is not possible.
    async fn show(&self, token: &str, text: &str) -> Result<(), String>;
}

/// Makes an account.
pub(crate) async fn register(enrolment: &Enrolment, http: Client) -> Result<Secret<String>, Trouble> {
    let contact = format!("mailto:{}", enrolment.contact);
    let account = NewAccount { contact: &[&contact], terms_of_service_agreed: true, only_return_existing: false };
    let (_, credentials) = Account::builder_with_http(Box::new(http)).create(&account, enrolment.directory.clone(), None).await?;
    Ok(Secret::new(serde_json::to_string(&credentials).map_err(Error::from)?))
}

/// Has a certificate issued.
pub(crate) async fn obtain(enrolment: &Enrolment, account: &Secret<String>, http: Client, prover: &dyn Prover) -> Result<Issued, Trouble> {
    // Why it cannot be read is not told: the reason might be quoted from the key.
    let credentials: AccountCredentials = serde_json::from_str(account.expose()).map_err(|_| Error::KeyRejected)?;
    let account = Account::builder_with_http(Box::new(http)).from_credentials(credentials).await?;
    let mut order = account.new_order(&NewOrder::new(&[Identifier::Dns(enrolment.host.clone())])).await?;
    prove(&mut order, prover).await?;
    judged(&mut order).await?;
    let key = Secret::new(order.finalize().await?);
    let chain = order.poll_certificate(&ASKING).await?;
    Ok(Issued { chain, key })
}

/// Shows a proof for each name that is not proven yet, and says so.
async fn prove(order: &mut Order, prover: &dyn Prover) -> Result<(), Trouble> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization.challenge(ChallengeType::Http01).ok_or(Error::Unsupported("proofs by HTTP (http-01) for this name"))?;
        if !is_token(&challenge.token) {
            return Err(Error::Str("a token of letters and digits").into());
        }
        prover.show(&challenge.token, challenge.key_authorization().as_str()).await.map_err(Trouble::Hidden)?;
        challenge.set_ready().await?;
    }
    Ok(())
}

/// A token becomes the name of a file.
fn is_token(token: &str) -> bool {
    !token.is_empty() && token.len() <= 128 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Waits until the authority is convinced. Why it is not stands with what it looked for.
async fn judged(order: &mut Order) -> Result<(), Trouble> {
    let ended = order.poll_ready(&ASKING).await;
    match ended {
        Ok(OrderStatus::Ready) => Ok(()),
        Ok(_) | Err(Error::Api(_)) => match seen(order).await? {
            Some(problem) => Err(Trouble::Proof(problem)),
            None => Err(ended.err().unwrap_or(Error::Str("the reason why it refuses")).into()),
        },
        Err(error) => Err(error.into()),
    }
}

async fn seen(order: &mut Order) -> Result<Option<Problem>, Trouble> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization: AuthorizationHandle<'_> = authorization?;
        let problem = authorization.refresh().await?.challenges.iter().find_map(|challenge| challenge.error.clone());
        if problem.is_some() {
            return Ok(problem);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_nowhere_else() {
        for (token, expect) in [("aB3-_x", true), ("", false), ("../x", false), ("a/b", false), ("a.b", false), ("ä", false)] {
            assert_eq!(is_token(token), expect, "{token}");
        }
    }
}
