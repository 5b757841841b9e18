//! `completions`: scripts for shells.

use crate::project::Project;

#[test]
fn every_shell_has_a_script_that_knows_the_commands() {
    for (shell, begin) in [("bash", "_plimsoll()"), ("zsh", "#compdef plimsoll"), ("fish", "complete -c plimsoll")] {
        let script = Project::empty().run(&format!("completions {shell}")).ended(0).stdout;
        assert!(script.contains(begin) && script.contains("rollback"), "{shell}: {script}");
    }
}
