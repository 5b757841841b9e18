//! One version takes the place of another while requests flow, and none of them fails.

use plimsoll_testkit::fixtures::{Home, Shop};
use plimsoll_testkit::probe::{Body, Target};

use crate::ask::get;
use crate::project::Project;
use crate::traffic::Traffic;

#[test]
fn no_request_fails_when_versions_change() {
    let project = Project::new();
    project.deploy();
    let traffic = Traffic::to(&project, "web");
    for version in ["2", "3", "4 stops-slowly", "5"] {
        project.service("web", version);
        project.deploy();
        assert_eq!(get(&project.url("web", "/")), format!("version {}", version.split(' ').next().unwrap()));
        assert_eq!(project.programs().len(), 1, "the former slot is gone");
        traffic.flows();
    }
    traffic.assert_unharmed();
}

#[test]
fn no_request_fails_when_the_shop_changes() {
    let (shop, home) = (Shop::new(), Home::new());
    let _ = home.json(shop.folder(), ["deploy", "local"]).ended(0);
    let targets = vec![
        Target::get("version", &shop.url("/version")),
        Target::get("version, fresh", &shop.url("/version")).fresh(),
        Target::post("order", &shop.url("/api/orders"), Body::Whole(r#"{"product": 2}"#.into())).contains("order"),
        Target::post("order, fresh", &shop.url("/api/orders"), Body::Whole(r#"{"product": 2}"#.into())).contains("order").fresh(),
        Target::get("slow", &shop.url("/api/slow?ms=300")),
        Target::get("website", &format!("http://127.0.0.1:{}/", shop.website)).contains("<"),
    ];
    let traffic = Traffic::at(targets);
    traffic.flows();
    shop.set_version("2");
    let _ = home.json(shop.folder(), ["deploy", "local"]).ended(0);
    assert!(get(&shop.url("/version")).contains('2'));
    traffic.assert_unharmed();
}

#[test]
fn what_cannot_run_twice_is_stopped_first() {
    let project = Project::of(&[("web", "strategy = \"recreate\"")]);
    project.deploy();
    let before = project.programs();
    project.service("web", "2");
    project.deploy();
    assert_eq!(get(&project.url("web", "/")), "version 2");
    assert!(project.programs().is_disjoint(&before));
    assert_eq!(project.programs().len(), 1);
}

#[test]
fn a_recreated_service_comes_back_when_the_next_release_is_no_good() {
    let project = Project::of(&[("web", "strategy = \"recreate\"\nstart_timeout = \"500ms\"")]);
    project.deploy();
    project.service("web", "2 unhealthy");
    let failed = project.run(["deploy", "local"]).ended(1);
    assert_eq!(failed.detail("/deployment/outcome"), "rolled_back");
    assert_eq!(get(&project.url("web", "/")), "version 1");
    assert_eq!(project.programs().len(), 1);
}
