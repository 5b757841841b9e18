//! Ctrl-C in the middle: everything is rolled back, in good order.

use crate::ask::get;
use crate::project::{Project, SERVICE};
use crate::traffic::Traffic;

#[test]
fn what_has_begun_is_rolled_back() {
    let project = Project::new();
    project.deploy();
    let before = project.standing();
    let traffic = Traffic::to(&project, "web");
    for (phase, behaviour) in [("prepare", "2 unhealthy"), ("verify", "2 unhealthy-outside")] {
        project.service("web", behaviour);
        let mut deploying = project.begin("deploy");
        deploying.until_phase(phase);
        deploying.interrupt();
        let ended = deploying.finish().ended(1);
        assert_eq!((&ended.document()["code"], ended.detail("/deployment/outcome")), (&"cancelled".into(), "rolled_back".into()), "{phase}");
        assert_eq!(project.standing(), before, "{phase}");
        assert_eq!(get(&project.url("web", "/")), "version 1");
    }
    traffic.assert_unharmed();
}

#[test]
fn in_a_build_it_ends_the_build() {
    let project = Project::of(&[("web", &format!("build = \"{SERVICE} $PWD; echo over\""))]);
    project.service("web", "1 hangs");
    let mut deploying = project.begin("deploy");
    deploying.until(&[("/event", "output"), ("/line", "version 1 starts")]);
    deploying.interrupt();
    let ended = deploying.finish().ended(1);
    assert_eq!(ended.document()["code"], "cancelled");
    assert!(project.programs().is_empty(), "the build has ended");
}
