//! The requests: each one line of the table, each handler one call of the host.

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use plimsoll_api::wire::{About, DigestSecrets, RenewCertificates, RunLog, Stop, Upgrade, path};
use plimsoll_api::{ApprovalQuery, AuditQuery, BackupQuery, CopyQuery, Look, Open, Order, SchemaQuery};
use plimsoll_model::DeploymentId;
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::release::ReleaseManifest;

use super::answer::{Answer, answer};
use super::ask::{self, Asked, Named, Queried};
use super::{Desk, files, lines};

/// Largest body of a request but for [`path::FILES`] and [`path::FILES_IN_BLOCKS`], in bytes.
const LARGEST_BODY: usize = 16 << 20;

/// How many deployments a list has when the request does not say.
const LIST: u32 = 20;

/// All requests that are answered.
pub(super) fn router(desk: Desk) -> Router {
    Router::new()
        .route(path::FACTS, get(facts))
        .route(path::OBSERVE, post(observe))
        .route(path::DIGEST_SECRETS, post(digest_secrets))
        .route(path::OFFER, post(offer))
        .route(path::FILES, post(files::take_in))
        .route(path::FILES_IN_BLOCKS, post(files::take_in_blocks))
        .route(path::PIECES, post(files::places))
        .route(path::DEPLOYMENTS, post(open).get(history))
        .route(path::RENEW, post(renew))
        .route(path::ORDERS, post(order))
        .route(path::SERVICES, get(services))
        .route(path::RENEW_CERTIFICATES, post(renew_certificates))
        .route(path::BACKUPS, post(backups))
        .route(path::COPIES, post(copies))
        .route(path::SCHEMAS, post(schemas))
        .route(path::APPROVALS, post(approvals))
        .route(path::LOGS, get(logs))
        .route(path::RUN_LOG, post(run_log))
        .route(path::AUDIT, post(audit))
        .route(path::NOTE, post(note))
        .route(path::UPGRADE, post(upgrade))
        .route(path::STOP, post(stop))
        .fallback(ask::unknown)
        .method_not_allowed_fallback(ask::unknown)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(ask::check_protocol))
        .layer(from_fn(ask::trace))
        .with_state(desk)
}

async fn facts(State(desk): State<Desk>) -> Answer {
    answer(desk.api.facts().await)
}

async fn observe(State(desk): State<Desk>, Asked(look): Asked<Look>) -> Answer {
    answer(desk.api.observe(look).await)
}

async fn digest_secrets(State(desk): State<Desk>, Asked(DigestSecrets { key, values }): Asked<DigestSecrets>) -> Answer {
    answer(desk.api.digest_secrets(&key, values).await)
}

async fn offer(State(desk): State<Desk>, Asked(release): Asked<ReleaseManifest>) -> Answer {
    answer(desk.api.offer(&release).await)
}

async fn open(State(desk): State<Desk>, Asked(open): Asked<Open>) -> Answer {
    answer(desk.api.open(open).await)
}

async fn history(State(desk): State<Desk>, Queried(about): Queried<About>) -> Answer {
    answer(desk.api.history(&about.key(), about.limit.unwrap_or(LIST)).await)
}

async fn renew(State(desk): State<Desk>, Named(id): Named<DeploymentId>) -> Answer {
    answer(desk.api.renew(&id).await)
}

async fn order(State(desk): State<Desk>, Named(id): Named<DeploymentId>, Asked(order): Asked<Order>) -> Response {
    lines::order(&desk, id, order)
}

async fn services(State(desk): State<Desk>, Queried(about): Queried<About>) -> Answer {
    answer(desk.api.services(&about.key()).await)
}

async fn renew_certificates(State(desk): State<Desk>, Asked(asked): Asked<RenewCertificates>) -> Answer {
    let RenewCertificates { key, force, by } = asked;
    answer(desk.api.renew_certificates(&key, force, &by).await)
}

async fn schemas(State(desk): State<Desk>, Asked(query): Asked<SchemaQuery>) -> Answer {
    answer(desk.api.schemas(query).await)
}

async fn approvals(State(desk): State<Desk>, Asked(query): Asked<ApprovalQuery>) -> Answer {
    answer(desk.api.approvals(query).await)
}

async fn backups(State(desk): State<Desk>, Asked(query): Asked<BackupQuery>) -> Answer {
    answer(desk.api.backups(query).await)
}

async fn copies(State(desk): State<Desk>, Asked(query): Asked<CopyQuery>) -> Answer {
    answer(desk.api.copies(query).await)
}

async fn logs(State(desk): State<Desk>, Queried(about): Queried<About>) -> Response {
    lines::logs(&desk, about.into())
}

async fn run_log(State(desk): State<Desk>, Named(id): Named<DeploymentId>, Asked(RunLog { key, keep }): Asked<RunLog>) -> Answer {
    answer(desk.api.run_log(&key, &id, keep).await)
}

async fn audit(State(desk): State<Desk>, Asked(query): Asked<AuditQuery>) -> Answer {
    answer(desk.api.audit(query).await)
}

async fn note(State(desk): State<Desk>, Asked(deed): Asked<Deed>) -> Answer {
    answer(desk.api.note(deed).await)
}

async fn upgrade(State(desk): State<Desk>, Asked(Upgrade { by }): Asked<Upgrade>) -> Answer {
    answer(desk.api.upgrade(&by).await)
}

async fn stop(State(desk): State<Desk>, Asked(Stop { everything, by }): Asked<Stop>) -> Answer {
    let unnamed = || Actor { user: "unknown".into(), machine: "unknown".into(), surface: "unknown".into() };
    let done = desk.api.stop(everything, &by.unwrap_or_else(unnamed)).await;
    if done.is_ok() {
        // This answer still goes out: connections end when what they are answering is answered.
        desk.end.cancel();
    }
    answer(done)
}
