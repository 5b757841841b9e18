//! Help, and arguments that make no sense.

use insta::assert_snapshot;

use crate::project::{Project, transcript};

#[test]
fn without_a_command_help_is_shown_and_it_is_an_error() {
    let ran = Project::empty().run("");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("Usage: plimsoll [OPTIONS] <COMMAND>"), "{}", ran.stderr);
}

#[test]
fn help_lists_what_people_call() {
    let ran = Project::empty().run("--help").ended(0);
    let listed: Vec<&str> =
        ran.stdout.lines().skip_while(|line| *line != "Commands:").skip(1).map_while(|line| line.split_whitespace().next()).collect();
    let expected = "init check schema plan simulate deploy rollback approve approvals status history show logs resume down migrate backup snapshot secrets certs host audit mcp token completions";
    assert_eq!(listed.join(" "), expected);
}

#[test]
fn mistakes_in_arguments_are_told_in_words() {
    assert_snapshot!(transcript(&Project::empty().run("deploy local --tests some")), @r#"
    exit 2
    --- stdout
    --- stderr
    error: invalid value 'some' for '--tests <TESTS>'
      [possible values: none, smoke, full]

      tip: a similar value exists: 'smoke'

    For more information, try '--help'.
    "#);
}

#[test]
fn mistakes_in_arguments_are_told_as_a_document() {
    let check = |line: &str, message: &str| {
        let ran = Project::empty().run(line).ended(2);
        let document = ran.document();
        assert_eq!((&document["success"], &document["code"]), (&false.into(), &"usage".into()), "{line}");
        assert!(document["details"]["message"].as_str().is_some_and(|told| told.contains(message)), "{line}: {document}");
        assert!(document["help"].is_string() && ran.stderr.is_empty(), "{line}: {ran:?}");
    };
    check("--json", "no command was given");
    check("deploy --json", "<ENVIRONMENT>");
    check("deploy ../x --json", "a name is made of a-z");
    check("deploy local --branch a --commit b --json", "cannot be used with");
    check("deploy local --plan 123 --json", "64 hexadecimal digits");
    check("rollback local --last --to-version 1 --json", "cannot be used with");
    check("nonsense --events", "nonsense");
    check("logs local --follow --json", "--follow has no end");
}

#[test]
fn a_folder_that_is_none_is_told() {
    assert_snapshot!(transcript(&Project::empty().run("-C nowhere check")), @r#"
    exit 2
    --- stdout
    --- stderr
    error: nowhere cannot be the project's folder: it is no folder [folder-missing]
    help: name the project's folder with -C DIR
    "#);
    assert_snapshot!(transcript(&Project::empty().run("-C nowhere check --json")), @r#"
    exit 2
    --- stdout
    {"success":false,"code":"folder-missing","details":{"message":"nowhere cannot be the project's folder: it is no folder"},"help":"name the project's folder with -C DIR"}
    --- stderr
    "#);
}
