//! Components that depend on each other: level after level, undone together.

use crate::ask::get;
use crate::project::Project;
use crate::traffic::Traffic;

#[test]
fn level_one_is_switched_back_when_level_two_fails() {
    let project = Project::of(&[("api", ""), ("web", "depends_on = [\"api\"]\nstart_timeout = \"700ms\"")]);
    project.deploy();
    let before = project.standing();
    let (api, web) = (Traffic::to(&project, "api"), Traffic::to(&project, "web"));

    project.service("api", "2");
    project.service("web", "2 unhealthy");
    let mut deploying = project.begin("deploy");
    deploying.until(&[("/note", "phase"), ("/phase", "prepare"), ("/level", "1")]);
    assert_eq!(get(&project.url("api", "/")), "version 2", "level one has switched");
    let failed = deploying.finish().ended(1);
    assert_eq!(failed.detail("/deployment/outcome"), "rolled_back");

    assert_eq!((get(&project.url("api", "/")), get(&project.url("web", "/"))), ("version 1".into(), "version 1".into()));
    assert_eq!(project.standing(), before);
    api.assert_unharmed();
    web.assert_unharmed();
}
