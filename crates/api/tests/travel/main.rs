//! What travels arrives as it was sent, and what does not read breaks nothing.

use std::fmt::Debug;

use plimsoll_api::wire::DigestSecrets;
use plimsoll_api::wire::frame::{Form, FrameHead};
use plimsoll_model::audit::{Row, verify_whole};
use plimsoll_testkit::arbitrary::{api, audit, json, names, plan, record};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn written<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("what travels has a JSON form")
}

/// A value arrives as it was sent, and is written the same way again: hashes are made of that.
fn arrives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Result<(), TestCaseError> {
    let sent = serde_json::to_string(value).expect("what travels has a JSON form");
    match serde_json::from_str::<T>(&sent) {
        Ok(received) => {
            prop_assert_eq!(&received, value);
            prop_assert_eq!(serde_json::to_string(&received).ok(), Some(sent));
        }
        Err(error) => prop_assert!(false, "{}: {}", error, sent),
    }
    Ok(())
}

/// What can be read of `bytes` is a value like any other: it arrives when it is sent on.
fn is_refused_or_arrives<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) -> Result<(), TestCaseError> {
    match serde_json::from_slice::<T>(bytes) {
        Ok(value) => arrives(&value),
        Err(_) => Ok(()),
    }
}

/// For each type, two properties: what is made of it arrives, and what is made of it and broken is refused or arrives.
macro_rules! travels {
    ($($name:ident: $type:ty = $values:expr;)*) => {$(
        mod $name {
            use super::*;

            proptest! {
                #[test]
                fn arrives_as_it_was_sent(value in $values) {
                    arrives(&value)?;
                }

                #[test]
                fn broken_it_is_refused_or_arrives(bytes in prop_oneof![8 => json::broken($values, written), 1 => json::anything()]) {
                    is_refused_or_arrives::<$type>(&bytes)?;
                }
            }
        }
    )*};
}

travels! {
    audit_page: plimsoll_api::AuditPage = audit::page();
    audit_query: plimsoll_api::AuditQuery = audit::query();
    deed: plimsoll_model::audit::Deed = audit::deed();
    entry: plimsoll_model::audit::Entry = audit::entry();
    error: plimsoll_api::HostError = api::error();
    event: plimsoll_model::deployment::Event = record::event();
    facts: plimsoll_api::Facts = api::facts();
    log_query: plimsoll_api::LogQuery = api::log_query();
    logs_line: plimsoll_api::wire::LogsLine = api::logs_line();
    look: plimsoll_api::Look = api::look();
    observed: plimsoll_model::plan::Observed = plan::observed();
    open: plimsoll_api::Open = api::open();
    opened: plimsoll_api::Opened = api::opened();
    order: plimsoll_api::Order = api::order();
    order_line: plimsoll_api::wire::OrderLine = api::order_line();
    planned: plimsoll_model::plan::Plan = plan::plan();
    recorded: plimsoll_model::deployment::DeploymentRecord = record::record();
    release: plimsoll_model::release::ReleaseManifest = api::release_manifest();
    route_table: plimsoll_model::route::RouteTable = plan::route_table();
    secret_digests: plimsoll_api::SecretDigests = api::secret_digests();
    secrets: plimsoll_api::SecretValues = api::secrets();
    service: plimsoll_api::Service = api::service();
    stop: plimsoll_api::wire::Stop = audit::stop();
    upgrade: plimsoll_api::wire::Upgrade = audit::upgrade();
    enrolled: plimsoll_api::Enrolled = api::enrolled();
    renew_certificates: plimsoll_api::wire::RenewCertificates = audit::renew_certificates();
    upgraded: plimsoll_api::Upgraded = api::upgraded();
    started: plimsoll_api::wire::Started = api::started();
}

proptest! {
    #[test]
    fn a_plan_keeps_its_hash_on_the_way(plan in plan::plan()) {
        let received: plimsoll_model::plan::Plan = serde_json::from_value(written(&plan)).expect("it arrives");
        prop_assert_eq!(received.hash(), plan.hash());
    }

    #[test]
    fn a_request_with_secrets_shows_none_when_it_is_told(asked in api::digest_secrets(), open in api::open()) {
        let received: DigestSecrets = serde_json::from_value(written(&asked)).expect("it arrives");
        prop_assert_eq!(&received.values, &asked.values);
        let told = format!("{received:?} {open:?}");
        let values = received.values.values().chain(open.secrets.values());
        // Shorter ones may stand there by chance.
        for value in values.map(plimsoll_model::Secret::expose).filter(|value| value.chars().count() >= 6) {
            prop_assert!(!told.contains(&format!("{value:?}")), "{}", told);
        }
    }

    #[test]
    fn a_row_of_the_audit_log_survives_as_a_line(row in audit::row()) {
        prop_assert_eq!(Row::read_line(&row.line()), Ok(row.clone()));
        prop_assert!(!row.line().contains('\n') && row.read().is_some());
    }

    #[test]
    fn rows_of_whatever_origin_are_judged(anchor in audit::mark(), rows in prop::collection::vec(audit::row(), 0..4), head in audit::mark()) {
        // Only rows of one chain are whole: a first one that claims to be the last there can be has none behind it.
        let whole = verify_whole(&anchor, &rows, &head).is_ok();
        prop_assert!(!whole || rows.iter().zip(anchor.seq..).all(|(row, before)| row.seq > before));
    }

    #[test]
    fn a_head_of_a_frame_arrives(digest in names::digest(), size in any::<u64>(), parts in any::<bool>()) {
        let head = FrameHead { digest, size, form: if parts { Form::Parts } else { Form::Whole } };
        prop_assert_eq!(FrameHead::decode(&head.encode()), Some(head));
    }

    #[test]
    fn what_reads_as_a_head_is_written_the_same(bytes in any::<[u8; FrameHead::LEN]>()) {
        let read = FrameHead::decode(&bytes);
        prop_assert_eq!(read.is_some(), bytes[FrameHead::LEN - 1] < 2);
        prop_assert!(read.is_none_or(|head| head.encode() == bytes));
    }
}
