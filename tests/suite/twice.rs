//! Two deployments at once: one goes on, the other is refused.

use crate::ask::get;
use crate::project::Project;

#[test]
fn the_second_is_refused_and_disturbs_nothing() {
    let project = Project::new();
    project.append("[hooks]\nbefore_switch = \"while [ ! -e go ]; do sleep 0.05; done\"\n");
    let mut first = project.begin("deploy");
    first.until_phase("prepare");
    for command in ["deploy", "down", "resume"] {
        let second = project.run([command, "local"]).ended(5);
        assert_eq!(second.document()["code"], "lease-held", "{command}: {}", second.stdout);
        assert!(second.document()["help"].is_string(), "{command}: {}", second.stdout);
    }
    project.write("go", "");
    let ended = first.finish().ended(0);
    assert_eq!(ended.detail("/deployment/outcome"), "committed");
    assert_eq!(get(&project.url("web", "/")), "version 1");
}

#[test]
fn projects_of_one_host_do_not_disturb_each_other() {
    let project = Project::new();
    project.append("[hooks]\nbefore_switch = \"while [ ! -e go ]; do sleep 0.05; done\"\n");
    let other = Project::new();
    other.edit("name = \"tiny\"", "name = \"other\"");
    let mut first = project.begin("deploy");
    first.until_phase("prepare");
    let _ = project.home.json(other.folder(), ["deploy", "local"]).ended(0);
    assert_eq!(get(&other.url("web", "/")), "version 1");
    project.write("go", "");
    let _ = first.finish().ended(0);
    assert_eq!(get(&project.url("web", "/")), "version 1");
}
