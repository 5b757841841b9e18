//! Every call reaches the host as it was made, and its answer or error comes back as it was given.

mod fake;

use fake::{Fake, Served, component, event, id, key};
use plimsoll_api::{AuditPage, AuditQuery, HostApi, HostError, LogQuery, Look, Order, Upgraded};
use plimsoll_model::audit::Mark;
use plimsoll_model::deployment::Failure;
use plimsoll_model::time::Moment;
use plimsoll_model::{Digest, HostName, ReleaseId};
use tokio::sync::mpsc;

#[tokio::test]
async fn every_call_arrives_and_is_answered() {
    let served = Served::new(Fake::default());
    let client = served.client();
    let arrived = |expect: String| assert_eq!(served.host.last(), expect);

    assert_eq!(client.facts().await.unwrap().environments, [key()]);
    arrived("facts".into());
    let look = Look { releases: [ReleaseId(Digest::of(b"r"))].into(), ports: [80, 443].into(), ..Look::at(key()) };
    assert_eq!(client.observe(look.clone()).await.unwrap(), fake::observed());
    arrived(format!("observe {look:?}"));
    let digests = client.digest_secrets(&key(), fake::secrets("hunter22")).await.unwrap();
    assert_eq!(digests[&component()]["KEY"], Digest::of(b"hunter22"));
    assert_eq!(client.offer(&fake::release()).await.unwrap(), [Digest::of(b"missing")]);
    arrived(format!("offer {:?}", fake::release()));
    assert_eq!(client.open(fake::open("hunter22")).await.unwrap(), fake::opened());
    arrived(format!("open {:?} {:?}", fake::open("hunter22"), [Digest::of(b"hunter22")]));
    client.renew(&id()).await.unwrap();
    arrived(format!("renew {}", id()));
    assert_eq!(client.history(&key(), 7).await.unwrap(), [fake::record()]);
    arrived("history shop/dev 7".into());
    assert_eq!(client.services(&key()).await.unwrap(), [fake::service()]);
    arrived("services shop/dev".into());
    let query = AuditQuery { key: Some(key()), since: Some(Moment(7)), after: Some(3), limit: 9 };
    let row = Mark::START.next(&fake::entry());
    assert_eq!(client.audit(query.clone()).await.unwrap(), AuditPage { anchor: Mark::START, head: row.mark(), rows: vec![row] });
    arrived(format!("audit {query:?}"));
    assert_eq!(client.run_log(&key(), &id(), Some("a\nb".into())).await.unwrap(), Some("a\nb".into()));
    arrived(format!("run log of {} in {}: {:?}", id(), key(), Some("a\nb")));
    client.note(fake::entry().deed).await.unwrap();
    arrived(format!("note {:?}", fake::entry().deed));
    assert_eq!(client.renew_certificates(&fake::key(), true, &fake::actor()).await.unwrap(), []);
    arrived(format!("renew certificates {} true u@m (cli)", fake::key()));
    assert_eq!(client.upgrade(&fake::actor()).await.unwrap(), Upgraded::default());
    arrived("upgrade u@m (cli)".into());
}

#[tokio::test]
async fn errors_keep_what_they_say() {
    let served = Served::new(Fake::default());
    let client = served.client();
    let failure = Failure::new("code", "message").with_help("help").with_output(vec!["line".into()]);
    for error in [
        HostError::unreachable(HostName::new("other").unwrap(), "w", "h"),
        HostError::LeaseHeld { id: id(), holder: fake::holder(), expires_in_ms: 5 },
        HostError::LeaseLost(id()),
        HostError::Stale(HostName::local()),
        HostError::Failed(failure.clone()),
        HostError::Refused(failure.clone()),
        HostError::NotFound("deployment x".into()),
        HostError::Unfit("why".into()),
        HostError::Internal(failure),
    ] {
        *served.host.error.lock().unwrap() = Some(error.clone());
        assert_eq!(client.facts().await.unwrap_err(), error);
        assert_eq!(client.renew(&id()).await.unwrap_err(), error);
        served.host.go.add_permits(1);
        assert_eq!(client.order(&id(), Order::Seal, mpsc::unbounded_channel().0).await.unwrap_err(), error);
        let query = LogQuery { key: key(), component: None, tail: 0, follow: false };
        assert_eq!(client.logs(query, mpsc::channel(1).0).await.unwrap_err(), error);
    }
}

#[tokio::test]
async fn logs_come_in_order_until_they_end() {
    let served = Served::new(Fake::default());
    let (to, mut lines) = mpsc::channel(1);
    let query = LogQuery { key: key(), component: Some(component()), tail: 1000, follow: false };
    let client = served.client();
    let (done, read) = tokio::join!(client.logs(query.clone(), to), async {
        let mut read = Vec::new();
        while let Some(line) = lines.recv().await {
            read.push(line);
        }
        read
    });
    done.unwrap();
    assert_eq!(read, (0..1000).map(fake::log_line).collect::<Vec<_>>());
    assert_eq!(served.host.last(), format!("logs {query:?}"));
}

#[tokio::test]
async fn logs_are_followed_until_nobody_reads_them() {
    let served = Served::new(Fake::default());
    let (to, mut lines) = mpsc::channel(1);
    let client = served.client();
    let query = LogQuery { key: key(), component: None, tail: 1, follow: true };
    let following = tokio::spawn(async move { client.logs(query, to).await });
    assert_eq!(lines.recv().await, Some(fake::log_line(0)));
    drop(lines);
    following.await.unwrap().unwrap();
    served.host.unread.notified().await;
}

#[tokio::test]
async fn following_logs_does_not_keep_a_daemon_from_ending() {
    let served = Served::new(Fake::default());
    let (to, mut lines) = mpsc::channel(1);
    let client = served.client();
    let query = LogQuery { key: key(), component: None, tail: 1, follow: true };
    let following = tokio::spawn(async move { client.logs(query, to).await });
    assert_eq!(lines.recv().await, Some(fake::log_line(0)));
    served.ended().await;
    assert!(matches!(following.await.unwrap(), Err(HostError::Unreachable { .. })));
}

#[tokio::test]
async fn events_come_as_they_happen() {
    let served = Served::new(Fake { events: 50, ..Fake::default() });
    let (events, mut happened) = mpsc::unbounded_channel();
    let client = served.client();
    let order = tokio::spawn(async move { client.order(&id(), Order::Prepare { level: 3 }, events).await });
    for index in 0..49 {
        assert_eq!(happened.recv().await, Some(event(index)));
    }
    // The order waits: what is here came before its end.
    served.host.go.add_permits(1);
    assert_eq!(happened.recv().await, Some(event(49)));
    assert_eq!(order.await.unwrap().unwrap(), fake::report());
    assert_eq!(served.host.last(), format!("order {} {:?}", id(), Order::Prepare { level: 3 }));
}

#[tokio::test]
async fn an_order_goes_on_when_its_client_is_gone() {
    let served = Served::new(Fake::default());
    let (events, mut happened) = mpsc::unbounded_channel();
    let client = served.client();
    let order = tokio::spawn(async move { client.order(&id(), Order::Seal, events).await });
    assert_eq!(happened.recv().await, Some(event(0)));
    order.abort();
    assert!(order.await.unwrap_err().is_cancelled());
    // With the client its connection is gone, and the order ends when the daemon has seen that.
    served.host.ended.notified().await;
    assert_eq!(served.host.last(), format!("order {} Seal", id()));
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again() {
    let served = Served::new(Fake::default());
    let client = served.client();
    client.facts().await.unwrap();
    let folder = served.ended().await;
    let error = client.facts().await.unwrap_err();
    assert!(matches!(&error, HostError::Unreachable { why, .. } if why.contains("host.sock")), "{error:?}");
    let served = Served::inside(folder, Fake { build: "two".into(), ..Fake::default() });
    assert_eq!(client.facts().await.unwrap().build, "two");
    drop(served);
}

#[tokio::test]
async fn a_daemon_that_ends_lets_orders_finish() {
    let served = Served::new(Fake::default());
    let (events, mut happened) = mpsc::unbounded_channel();
    let client = served.client();
    let order = tokio::spawn({
        let client = client.clone();
        async move { client.order(&id(), Order::Commit, events).await }
    });
    assert_eq!(happened.recv().await, Some(event(0)));
    // The answer to the request to stop comes although the daemon ends with it.
    client.stop(true, &fake::actor()).await.unwrap();
    assert_eq!(served.host.last(), "stop true u@m (cli)");
    served.host.go.add_permits(1);
    assert_eq!(order.await.unwrap().unwrap(), fake::report());
    served.server.await.unwrap().unwrap();
    assert!(!served.folder.path().join("host.sock").exists());
}

#[tokio::test]
async fn a_host_that_refuses_to_stop_goes_on() {
    let served = Served::new(Fake::default());
    *served.host.error.lock().unwrap() = Some(HostError::Unfit("busy".into()));
    assert_eq!(served.client().stop(false, &fake::actor()).await.unwrap_err(), HostError::Unfit("busy".into()));
    *served.host.error.lock().unwrap() = None;
    served.client().facts().await.unwrap();
}

#[tokio::test]
async fn secrets_are_not_in_what_is_shown() {
    let (asked, sealed) = (fake::open("hunter22"), fake::secrets("hunter22"));
    let question = plimsoll_api::wire::DigestSecrets { key: key(), values: sealed.clone() };
    let served = Served::new(Fake::default());
    let client = served.client();
    assert_eq!(client.open(asked.clone()).await.unwrap(), fake::opened());
    client.digest_secrets(&key(), sealed).await.unwrap();
    let shown = format!("{asked:?} {question:?} {client:?} {:?}", served.host.asked.lock().unwrap());
    assert!(shown.contains("SecretValues(1 components)") && !shown.contains("hunter22"), "{shown}");
}
