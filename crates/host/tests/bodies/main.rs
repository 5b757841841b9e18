//! The requests of the host API, as they arrive: whatever is sent is answered, what does not fit is refused in words with a code,
//! and what is refused has changed nothing.

mod scene;

use std::future::Future;

use bytes::Bytes;
use http::Method;
use plimsoll_api::wire::frame::{Form, FrameHead, PartHead};
use plimsoll_api::wire::{OrderLine, block, path};
use plimsoll_api::{HostError, Open, Order};
use plimsoll_model::{DeploymentId, Digest, ReleaseId};
use plimsoll_testkit::arbitrary::{api, audit, json, names};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde_json::Value;

use scene::{Answer, Scene};

/// Largest body that is read, in bytes.
const LARGEST_BODY: usize = 16 << 20;

/// Each request that has a body of JSON, with how such bodies are made.
fn posts() -> Vec<(&'static str, BoxedStrategy<Vec<u8>>)> {
    vec![
        (path::OBSERVE, json::broken(api::look(), written).boxed()),
        (path::DIGEST_SECRETS, json::broken(api::digest_secrets(), written).boxed()),
        (path::OFFER, json::broken(api::release_manifest(), written).boxed()),
        (path::PIECES, json::broken(api::search(), written).boxed()),
        (path::DEPLOYMENTS, json::broken(api::open(), written).boxed()),
        ("/v1/deployments/a/orders", json::broken(api::order(), written).boxed()),
        ("/v1/deployments/a/log", json::broken(api::run_log(), written).boxed()),
        ("/v1/deployments/a/renew", json::anything().boxed()),
        (path::RENEW_CERTIFICATES, json::broken(audit::renew_certificates(), written).boxed()),
        (path::AUDIT, json::broken(audit::query(), written).boxed()),
        (path::NOTE, json::broken(audit::deed(), written).boxed()),
        (path::UPGRADE, json::broken(audit::upgrade(), written).boxed()),
    ]
}

/// Every path there is but that which ends the daemon, deployments by a name that they may have.
fn paths() -> Vec<String> {
    let about = |path: &str| format!("{path}?project=a&environment=a");
    let posts = posts().into_iter().map(|(path, _)| path.to_owned()).chain([path::FILES, path::FILES_IN_BLOCKS, path::FACTS].map(str::to_owned));
    posts.chain([path::DEPLOYMENTS, path::SERVICES, path::LOGS].map(about)).collect()
}

fn written<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("what travels has a JSON form")
}

/// Runs a property of a daemon, which is a new one for each test and the same for all of its cases.
fn holds<V: std::fmt::Debug + Clone, F: Future<Output = Result<(), TestCaseError>>>(
    cases: u32,
    values: impl Strategy<Value = V>,
    property: impl Fn(std::rc::Rc<Scene>, V) -> F,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the system has descriptors left");
    let scene = std::rc::Rc::new(runtime.block_on(Scene::new()));
    let mut runner = TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&values, |value| runtime.block_on(property(scene.clone(), value)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert_eq!(runtime.block_on(scene.broken_chain()), None);
}

/// What every answer is: what was asked for, or a refusal with a code that is no excuse for a bug.
fn fair(answer: &Answer) -> Result<(), TestCaseError> {
    let told = String::from_utf8_lossy(&answer.body);
    if answer.status.is_success() {
        return Ok(());
    }
    prop_assert!(answer.status.is_client_error(), "{}: {}", answer.status, told);
    let error = answer.error();
    prop_assert!(error.as_ref().is_some_and(|error| !error.code().is_empty()), "{} {}: {}", answer.status, answer.content_type, told);
    Ok(())
}

async fn refused_or_done(scene: &Scene, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer, TestCaseError> {
    let before = scene.ledger().await;
    let answer = scene.ask(method, path, headers, body).await.map_err(|error| TestCaseError::fail(format!("nobody answered: {error}")))?;
    fair(&answer)?;
    if !answer.status.is_success() {
        prop_assert_eq!(scene.ledger().await, before);
    }
    Ok(answer)
}

#[test]
fn any_body_is_answered() {
    let (paths, bodies): (Vec<_>, Vec<_>) = posts().into_iter().unzip();
    let bodies = bodies.into_iter().map(|body| prop_oneof![6 => body, 1 => json::anything()].boxed());
    let requests = proptest::strategy::Union::new(paths.into_iter().zip(bodies).map(|(path, body)| (Just(path), body).boxed()));
    holds(600, requests, |scene, (path, body)| async move { refused_or_done(&scene, Method::POST, path, &[], body).await.map(drop) });
}

#[test]
fn any_content_type_and_protocol_is_answered() {
    const TYPES: &[&str] =
        &["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=utf-16", ""];
    const PROTOCOLS: &[&str] = &["1", "0", "", "x", "-1", "4294967296", "3", "1, 1"];
    let values = (prop::sample::select(paths()), prop::sample::select(TYPES), prop::sample::select(PROTOCOLS), json::anything());
    holds(200, values, |scene, (path, content_type, protocol, body)| async move {
        let headers = [("content-type", content_type), ("plimsoll-protocol", protocol)];
        refused_or_done(&scene, Method::POST, &path, &headers, body).await.map(drop)
    });
}

#[test]
fn any_path_and_query_is_answered() {
    let segment = || prop_oneof![2 => "[a-z0-9-]{0,50}", 2 => "(%[0-9a-fA-F]{2}){0,6}", 1 => "[!-.:-~]{0,8}".prop_map(|text| text.replace(['?', '#', '%'], ""))];
    let paths = prop_oneof![
        (segment(), prop::sample::select(&["renew", "orders", "", "%00", "renew/", "RENEW"][..]))
            .prop_map(|(id, what)| format!("/v1/deployments/{id}/{what}")),
        (prop::sample::select(&["services", "logs", "deployments", "facts"][..]), segment(), segment())
            .prop_map(|(path, one, other)| format!("/v1/{path}?project={one}&environment={other}&limit={other}&{one}={one}")),
        prop::collection::vec(segment(), 0..6).prop_map(|segments| format!("/{}", segments.join("/"))),
    ];
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS, Method::PATCH];
    let methods = prop::sample::select(methods.to_vec());
    holds(400, (methods, paths, json::anything()), |scene, (method, path, body)| async move {
        prop_assume!(path.parse::<http::Uri>().is_ok());
        // The answer to a HEAD has no body that could tell why.
        let method = if method == Method::HEAD { Method::GET } else { method };
        refused_or_done(&scene, method, &path, &[], body).await.map(drop)
    });
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let paths = posts().into_iter().map(|(path, _)| path).filter(|path| !path.ends_with("renew")).collect::<Vec<_>>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the system has descriptors left");
    runtime.block_on(async {
        let scene = Scene::new().await;
        for path in paths {
            let answer = refused_or_done(&scene, Method::POST, path, &[], vec![b' '; LARGEST_BODY + 1]).await.expect("it is refused in words");
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
            let largest = refused_or_done(&scene, Method::POST, path, &[], vec![b' '; LARGEST_BODY]).await.expect("it is read, and is no JSON");
            assert_ne!(largest.body, answer.body, "{path}: both are refused for what they are");
        }
    });
}

/// A file in an upload: its content, the head that is sent before it, and what is sent.
#[derive(Debug, Clone)]
struct Sent {
    right: bool,
    bytes: Vec<u8>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let content = prop::collection::vec(any::<u8>(), 1..40);
    let wrong = prop_oneof![8 => Just(None), 1 => any::<(prop::sample::Index, u8)>().prop_map(Some)];
    (content, any::<Option<prop::sample::Index>>(), wrong).prop_map(|(content, parted, wrong)| {
        let form = if parted.is_some() { Form::Parts } else { Form::Whole };
        let head = FrameHead { digest: Digest::of(&content), size: content.len() as u64, form }.encode();
        let follows = match parted {
            None => content,
            Some(at) => {
                let (one, other) = content.split_at(at.index(content.len()));
                let part = |part: &[u8]| {
                    let length = u32::try_from(part.len()).expect("it is short");
                    if part.is_empty() { Vec::new() } else { [&PartHead { length, place: None }.encode()[..], part].concat() }
                };
                [part(one), part(other)].concat()
            }
        };
        let right = [&head[..], &follows].concat();
        let mut bytes = right.clone();
        if let Some((at, byte)) = wrong {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        Sent { right: bytes == right, bytes }
    })
}

#[test]
fn any_files_are_taken_in_or_refused() {
    let uploads = (prop::collection::vec(sent(), 0..4), prop::option::weighted(0.3, any::<prop::sample::Index>()), any::<bool>());
    holds(300, uploads, |scene, (files, cut, in_blocks)| async move {
        let mut body: Vec<u8> = files.iter().flat_map(|file| &file.bytes).copied().collect();
        if in_blocks {
            let mut packer = block::Packer::new().expect("there is memory");
            body = body.chunks(50).flat_map(|part| packer.pack(Bytes::copy_from_slice(part)).expect("there is memory").concat()).collect();
        }
        let whole = body.len();
        body.truncate(cut.map_or(whole, |cut| cut.index(whole + 1)));
        let right = files.iter().all(|file| file.right);
        let expect = right && body.len() == whole;
        let path = if in_blocks { path::FILES_IN_BLOCKS } else { path::FILES };
        let answer = refused_or_done(&scene, Method::POST, path, &[], body).await?;
        // An upload that is cut off between two files is a shorter upload.
        prop_assert!(answer.status.is_success() || !expect, "{:?}", answer);
        prop_assert!(!answer.status.is_success() || right || cut.is_some(), "{:?}", answer);
        Ok(())
    });
}

/// What is done with a deployment that was opened.
#[derive(Debug, Clone)]
enum Act {
    Order(Order),
    Renew,
    Open(Box<Open>),
}

/// The road that a coordinator takes, as far as it comes, with things thrown in that no coordinator does.
fn acts() -> impl Strategy<Value = Vec<Act>> {
    let astray = prop_oneof![
        3 => api::order().prop_map(Act::Order),
        1 => Just(Act::Renew),
        1 => api::open().prop_map(|open| Act::Open(Box::new(open))),
    ];
    let level = |level| [Order::Prepare { level }, Order::Switch { level }, Order::Verify { level }];
    let road: Vec<Order> = (0..3).flat_map(level).chain([Order::Seal, Order::Decide, Order::Commit]).collect();
    let astray = prop::collection::vec((any::<prop::sample::Index>(), astray), 0..3);
    (0..=road.len(), astray).prop_map(move |(length, astray)| {
        let mut acts: Vec<Act> = road[..length].iter().cloned().map(Act::Order).collect();
        astray.into_iter().for_each(|(at, act)| acts.insert(at.index(acts.len() + 1), act));
        acts
    })
}

/// `open` as a host would have to take it: it is about this host, whose state its plan expects and which has its releases, and it waits for
/// nothing.
async fn fitting(scene: &Scene, open: Open) -> Open {
    let mut plan = open.plan.clone();
    plan.version = plan.version.min(plimsoll_model::plan::PLAN_VERSION);
    plan.expects.insert(open.host.clone(), scene.state(&plan.key).await);
    for level in &mut plan.levels {
        let all = std::mem::take(&mut level.hosts).into_values().flatten().collect();
        level.hosts.insert(open.host.clone(), all);
    }
    let mut value = written(&Open { plan, ..open });
    let mut releases = Vec::new();
    within(&mut value, &mut |key, value| match key {
        "for_ms" => *value = 0.into(),
        "release" => releases.extend(serde_json::from_value::<ReleaseId>(value.clone())),
        _ => {}
    });
    scene.has(releases).await;
    serde_json::from_value(value).expect("only waiting times are others")
}

/// Shows every entry inside `value`, with its key.
fn within(value: &mut Value, see: &mut impl FnMut(&str, &mut Value)) {
    match value {
        Value::Object(entries) => entries.iter_mut().for_each(|(key, value)| {
            see(key, value);
            within(value, see);
        }),
        Value::Array(items) => items.iter_mut().for_each(|item| within(item, see)),
        _ => {}
    }
}

/// Whatever comes of an order is told, and no part of it is a bug.
fn told(answer: &Answer) -> Result<(), TestCaseError> {
    fair(answer)?;
    let text = String::from_utf8_lossy(&answer.body);
    let lines: Vec<_> = text.lines().map(serde_json::from_str::<OrderLine>).collect();
    prop_assert!(!answer.status.is_success() || matches!(lines.last(), Some(Ok(OrderLine::Report(_) | OrderLine::Error(_)))), "{}", text);
    let own_fault = |line: &Result<OrderLine, _>| matches!(line, Ok(OrderLine::Error(HostError::Internal(_))));
    prop_assert!(!lines.iter().any(own_fault), "{}", text);
    Ok(())
}

async fn act(scene: &Scene, id: &DeploymentId, act: Act) -> Result<(), TestCaseError> {
    let (path, body) = match act {
        Act::Order(order) => (format!("/v1/deployments/{id}/orders"), written(&order)),
        Act::Renew => (format!("/v1/deployments/{id}/renew"), Value::Null),
        Act::Open(open) => (path::DEPLOYMENTS.to_owned(), written(&fitting(scene, *open).await)),
    };
    let answer = scene.ask(Method::POST, &path, &[], body.to_string().into_bytes()).await;
    let answer = answer.map_err(|error| TestCaseError::fail(format!("nobody answered {path}: {error}")))?;
    if path.ends_with("orders") { told(&answer) } else { fair(&answer) }
}

/// Opens what may be nonsense, gives it orders that may not fit, and lets another daemon read what is left of it.
async fn survives(open: Open, id: DeploymentId, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let scene = Scene::new().await;
    let open = Act::Open(Box::new(Open { id: Some(id.clone()), ..open }));
    for next in std::iter::once(open).chain(acts) {
        act(&scene, &id, next).await?;
    }
    let left = Scene::inside(scene.end().await).await;
    let facts = left.ask(Method::GET, path::FACTS, &[], Vec::new()).await.map_err(TestCaseError::fail)?;
    prop_assert!(facts.status.is_success());
    prop_assert_eq!(left.broken_chain().await, None);
    left.end().await;
    Ok(())
}

#[test]
fn any_deployment_that_is_opened_can_be_read_again() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the system has descriptors left");
    let mut runner = TestRunner::new(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() });
    let outcome = runner.run(&(api::open(), names::deployment(), acts()), |(open, id, acts)| runtime.block_on(survives(open, id, acts)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
