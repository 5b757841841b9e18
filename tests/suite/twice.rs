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

#[test]
fn the_same_call_has_one_effect_however_it_ended() {
    let project = Project::new();
    let call = |command: &str, key: &str| project.run([command, "local", "--idempotency-key", key, "--yes"]);
    let id = call("deploy", "a").ended(0).detail("/deployment/id");
    project.service("web", "2");
    assert_eq!(call("deploy", "a").ended(0).detail("/deployment/id"), id);
    assert_eq!((get(&project.url("web", "/")).as_str(), project.history().len()), ("version 1", 1));
    let _ = call("deploy", "b").ended(0);
    // It failed, and is not tried again.
    project.service("web", "3 exits");
    let failed = call("deploy", "c").ended(1);
    project.service("web", "3");
    let again = call("deploy", "c").ended(1);
    assert_eq!(
        (again.document()["code"].clone(), again.detail("/deployment/id")),
        (failed.document()["code"].clone(), failed.detail("/deployment/id"))
    );
    // What a variable that is not set would give is no name.
    for command in [&["deploy", "local"][..], &["backup", "create", "local"]] {
        assert_eq!(project.run(command.iter().copied().chain(["--idempotency-key", ""])).ended(2).document()["code"], "usage");
    }
    // Another command is another call.
    assert_eq!(call("down", "a").ended(5).document()["code"], "idempotency-key-reused");
    let back = call("rollback", "d").ended(0).detail("/deployment/id");
    assert_eq!(call("rollback", "d").ended(0).detail("/deployment/id"), back);
    assert_eq!((get(&project.url("web", "/")).as_str(), project.history().len()), ("version 1", 4));
    let _ = call("down", "e").ended(0);
    let _ = call("down", "e").ended(0);
    assert_eq!(project.history().len(), 5);
}
