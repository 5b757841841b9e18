//! The proxy gives way to the daemon's build, and the audit log tells how that went.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use plimsoll_api::{AuditQuery, HostApi, HostError};
use plimsoll_host::Handle;
use plimsoll_host::daemon::{self, Options};
use plimsoll_host::ledger::SqliteLedger;
use plimsoll_host::route::Router;
use plimsoll_host::supervise::Supervision;
use plimsoll_model::audit::{Action, Actor, Ending, Entry};
use plimsoll_testkit::fixtures::free_port;

use crate::scene::{Scene, applied, roles};

/// A host of the build `exe`, in the scene's folder.
async fn host(scene: &Scene, exe: &Path) -> Handle {
    let folders = scene.folders();
    let ledger = Arc::new(SqliteLedger::open(&folders.ledger()).await.expect("the ledger can be read"));
    let options = Options {
        folder: folders.root().into(),
        exe: exe.into(),
        build: "other".into(),
        env: BTreeMap::new(),
        user: "nobody-in-particular".into(),
        supervision: Supervision::default(),
        policy: "/nowhere/host.toml".into(),
    };
    Handle(daemon::start(&options, &folders, ledger).await.expect("the folder can be used"))
}

/// The last entry of the audit log.
async fn last(host: &Handle) -> Entry {
    let page = host.audit(AuditQuery { limit: 1, ..AuditQuery::default() }).await.expect("it can be read");
    serde_json::from_str(&page.rows.last().expect("there is one").entry).expect("it is an entry")
}

#[tokio::test]
async fn how_an_upgrade_went_is_told_and_on_record() {
    let (scene, by) = (Scene::new(), Actor { user: "u".into(), machine: "m".into(), surface: "cli".into() });
    let router = scene.router(&roles());
    applied(&router, vec![scene.site(free_port(), "one")]).await;
    let before = router.pid().await;

    let unfit = host(&scene, Path::new("/bin/false")).await;
    let failure = match unfit.upgrade(&by).await {
        Err(HostError::Failed(failure)) => failure,
        other => panic!("that is no proxy: {other:?}"),
    };
    assert_eq!((failure.code.as_str(), router.pid().await), ("proxy-down", before), "{failure}");
    let deed = last(&unfit).await.deed;
    assert_eq!((deed.action, deed.outcome, &deed.actor), (Action::HostUpgrade, Ending::Failed, &by));
    assert_eq!(deed.failure.map(|told| told.code), Some(failure.code));
    drop(unfit);

    let fit = host(&scene, &scene.copy(&roles())).await;
    let replaced = fit.upgrade(&by).await.expect("that is one").proxy.expect("it is another build");
    // Whoever asks anew is told how it is now; the one of before hears of it sooner or later.
    let after = scene.router(&roles()).pid().await;
    assert_eq!((Some(replaced.from.pid), Some(replaced.to.pid)), (before, after));
    assert_ne!(replaced.from.build, replaced.to.build);
    let deed = last(&fit).await.deed;
    assert_eq!((deed.action, deed.outcome), (Action::HostUpgrade, Ending::Done));
    assert!(deed.note.is_some_and(|note| note.contains(replaced.to.build.as_deref().expect("the system tells it"))));
}
