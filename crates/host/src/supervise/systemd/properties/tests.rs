//! The properties of units, for slots of several kinds.

use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::slot::{Limits, ProcessSpec};
use plimsoll_model::{ConfigHash, Digest, EnvironmentKey, ReleaseId};

use super::*;

fn row(user: Option<&str>) -> SlotRow {
    let health = HealthCheck { question: Question::Connect, interval_ms: 1, timeout_ms: 1 };
    SlotRow {
        key: EnvironmentKey { project: "shop".parse().unwrap(), environment: "dev".parse().unwrap() },
        component: "web".parse().unwrap(),
        slot: "web-1".parse().unwrap(),
        release: ReleaseId(Digest::of(b"release")),
        config: ConfigHash(Digest::of(b"config")),
        spec: ProcessSpec {
            run: "exec ./web $PORT %n".into(),
            health,
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            user: user.map(str::to_owned),
            limits: Limits { open_files: Some(64), cpu_seconds: Some(2), ..Limits::default() },
            start_timeout_ms: 1,
            drain_timeout_ms: 1500,
        },
        port: 20_000,
        running: true,
    }
}

/// The properties of these names, as they are told.
fn check(user: Option<&str>, shared: Option<&str>, expect: &[(&str, Option<Value<'static>>)]) {
    let properties = of(&Slot {
        row: &row(user),
        folder: Path::new("/srv/release"),
        hidden: Path::new("/srv"),
        shared: shared.map(PathBuf::from),
        environment: BTreeMap::from([("PORT".to_owned(), "20000".to_owned())]),
        secrets: Path::new("/srv/web-1.secrets"),
        script: Path::new("/srv/slots/web-1/run"),
        life: Life::Kept,
    });
    for (name, value) in expect {
        let found: Vec<_> = properties.iter().filter(|(known, _)| known == name).map(|(_, value)| value).collect();
        assert_eq!(found, value.iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_slot_has_a_user_of_its_own_or_the_one_it_asks_for() {
    check(None, None, &[("DynamicUser", Some(true.into())), ("User", Some("shop_dev_web".into()))]);
    check(Some("games"), None, &[("DynamicUser", Some(false.into())), ("User", Some("games".into()))]);
}

#[test]
fn its_command_is_its_shells_business() {
    let words = ["/bin/sh", "/srv/slots/web-1/run"].map(str::to_owned).to_vec();
    let command = vec![("/bin/sh".to_owned(), words, false)];
    check(None, None, &[("ExecStart", Some(command.into())), ("WorkingDirectory", Some("/srv/release".into()))]);
}

#[test]
fn it_sees_its_release_and_writes_to_what_it_shares() {
    let bind = |paths: &[&str]| Some(paths.iter().map(|path| ((*path).to_owned(), (*path).to_owned(), false, RECURSIVE)).collect::<Vec<_>>().into());
    let hidden = Some(vec![("/srv".to_owned(), "ro".to_owned())].into());
    let seen = bind(&["/srv/release", "/srv/slots/web-1/run"]);
    check(None, None, &[("TemporaryFileSystem", hidden), ("BindReadOnlyPaths", seen), ("BindPaths", None), ("ExecStartPre", None)]);
    check(None, Some("/srv/shared"), &[("BindPaths", bind(&["/srv/shared"])), ("PermissionsStartOnly", Some(true.into()))]);
}

#[test]
fn limits_and_times_are_in_the_units_of_systemd() {
    let limits = [("LimitNOFILE", Some(64_u64.into())), ("LimitCPU", Some(2_000_000_u64.into())), ("LimitAS", None), ("LimitNPROC", None)];
    check(None, None, &limits);
    check(None, None, &[("TimeoutStopUSec", Some(1_500_000_u64.into())), ("CapabilityBoundingSet", Some(0_u64.into()))]);
}
