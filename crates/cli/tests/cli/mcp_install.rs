//! Telling clients of the MCP server.

use insta::assert_snapshot;

use crate::project::{Project, transcript};

const LINE: &str = "mcp install --client claude-code --client codex --read-only";

#[test]
fn the_change_is_shown_and_waits_for_a_yes() {
    let project = Project::empty();
    assert_snapshot!(transcript(&project.run(LINE)), @r#"
    exit 5
    --- stdout
    --- stderr
    --- /dev/null
    +++ PROJECT/.mcp.json
    @@ -0,0 +1,8 @@
    +{
    +  "mcpServers": {
    +    "plimsoll": {
    +      "command": "plimsoll",
    +      "args": ["mcp", "--read-only"]
    +    }
    +  }
    +}
    --- /dev/null
    +++ PROJECT/.codex/config.toml
    @@ -0,0 +1,3 @@
    +[mcp_servers.plimsoll]
    +command = "plimsoll"
    +args = ["mcp", "--read-only"]
    error: nobody has agreed that PROJECT/.mcp.json, PROJECT/.codex/config.toml may be written [approval-missing]
    help: look at the diff, then agree beforehand with --yes
    "#);
    let refused = project.run(&format!("{LINE} --json")).ended(5);
    assert!(refused.detail("/entries/1/diff").as_str().unwrap().contains("+[mcp_servers.plimsoll]"), "{refused:?}");
    assert_eq!(project.path().read_dir().unwrap().count(), 0);
    assert_snapshot!(transcript(&project.run(&format!("{LINE} --yes"))), @r#"
    exit 0
    --- stdout
    claude-code    written to PROJECT/.mcp.json
    codex          written to PROJECT/.codex/config.toml
    --- stderr
    next: start the client anew, and ask it what is deployed
    "#);
    assert_snapshot!(transcript(&project.run(LINE)), @r#"
    exit 0
    --- stdout
    claude-code    already in PROJECT/.mcp.json
    codex          already in PROJECT/.codex/config.toml
    --- stderr
    "#);
    assert_eq!(project.run("mcp install --client emacs --json").ended(2).document()["code"], "usage");
}
