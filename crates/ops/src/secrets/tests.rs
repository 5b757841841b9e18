//! Which place a value comes from, and what is told when none has it.

use std::sync::Arc;

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_vault::Keyring;

use super::*;
use crate::tests::{Nobody, Scene};
use crate::{Event, Exit, certs_check, project, secrets_list, secrets_rekey, secrets_set, secrets_unset};

const KEY: &str = "AGE-SECRET-KEY-1AXU9XAF4A0CVA7KXSQTRLN8ZS622WRMSUEVP2VA4VC7VYL3853MQA5GKLS\n";

/// Two components that want three secrets, and an environment with these sources.
fn manifest(sources: &str) -> String {
    format!(
        "name = \"shop\"\n[components.a]\nrun = \"./a\"\nsecrets = [\"ONE\", \"TWO\"]\n[components.b]\nrun = \"./b\"\nsecrets = [\"TWO\", \"THREE\"]\n\
         [secrets]\nrecipients = [\"age1prr3pgkmfraael6jrsk9gg9pem0wun2q2fnynu0c4d95glz5g36smtjsar lee\"]\n{sources}\n"
    )
}

fn local() -> EnvironmentName {
    EnvironmentName::new("local").unwrap()
}

/// A call with these variables, where the file has these secrets, each with its name as a part of its value.
async fn scene(sources: &str, variables: &[&str], kept: &[&str]) -> Scene {
    let mut scene = Scene::new(&[("plimsoll.toml", &manifest(sources)), ("key", KEY)]);
    let key = scene.context.project.join("key");
    scene.context.keys = Keyring { files: vec![key], named: true, ask: Arc::new(Nobody) };
    scene.context.variables = variables.iter().map(|name| ((*name).to_owned(), Secret::new(format!("{name} by variable")))).collect();
    for name in kept {
        set(&scene, name).await.unwrap();
    }
    scene
}

async fn set(scene: &Scene, name: &str) -> Result<secrets_set::Output, OpError> {
    let input = secrets_set::Input { environment: local(), name: name.into(), value: Secret::new(format!("{name} by file")) };
    secrets_set::run(&scene.context, input, &scene.progress).await
}

async fn gathered(scene: &Scene) -> Result<Gathered, OpError> {
    gather(&scene.context, &project::load(&scene.context, &local())?, &scene.progress).await
}

/// Gathers the values, and compares them and what `secrets list` tells with what is expected: by name, what the value says of its place.
async fn check(sources: &str, variables: &[&str], kept: &[&str], expect: [&str; 3]) {
    let scene = scene(sources, variables, kept).await;
    let gathered = gathered(&scene).await.unwrap();
    let value = |component: &str, name: &str| gathered.values.0[&component.parse::<ComponentName>().unwrap()][name].expose().clone();
    let values = [value("a", "ONE"), value("b", "TWO"), value("b", "THREE")];
    assert_eq!(values, [format!("ONE by {}", expect[0]), format!("TWO by {}", expect[1]), format!("THREE by {}", expect[2])], "{sources}");
    assert_eq!(value("a", "TWO"), value("b", "TWO"));
    let listed = secrets_list::run(&scene.context, secrets_list::Input { environment: local() }, &scene.progress).await.unwrap();
    assert_eq!(listed.secrets, gathered.views, "{sources}");
    assert_eq!((listed.missing.len(), listed.file.exists), (0, !kept.is_empty()));
}

#[tokio::test]
async fn a_value_comes_from_the_first_place_that_has_it() {
    let own = "commands = { ONE = \"echo ONE by own\", TWO = \"echo TWO by own\" }";
    let any = "command = \"echo $PLIMSOLL_SECRET by any\"";
    let all = format!("{own}\n{any}");
    check("", &["ONE", "TWO", "THREE"], &[], ["variable", "variable", "variable"]).await;
    check("", &[], &["ONE", "TWO", "THREE"], ["file", "file", "file"]).await;
    check(&all, &["ONE"], &["ONE", "TWO"], ["variable", "file", "any"]).await;
    check(&all, &["ONE"], &[], ["variable", "own", "any"]).await;
    check(own, &["THREE"], &["TWO"], ["own", "file", "variable"]).await;
}

#[tokio::test]
async fn a_key_is_needed_only_for_what_comes_from_the_file() {
    let mut scene = scene("", &["ONE", "TWO", "THREE"], &["ONE"]).await;
    scene.context.keys.files.clear();
    assert!(gathered(&scene).await.is_ok());
    scene.context.variables.remove("ONE");
    assert_eq!(gathered(&scene).await.err().unwrap().code, "secrets-no-key");
}

#[tokio::test]
async fn commands_that_give_no_value_are_told_all_at_once_without_their_output() {
    let hidden = "echo hunter22; echo hunter22 >&2; exit";
    let table = [
        (format!("commands = {{ ONE = \"{hidden} 3\", TWO = \"{hidden} 4\" }}"), "secret-command-failed", "exit code 4"),
        ("commands = { ONE = \"true\" }".into(), "secret-command-empty", "printed nothing"),
        ("commands = { ONE = \"printf 'hunter22\\\\0'\" }".into(), "secret-bad-value", "NUL"),
        ("command = \"exit 1\"".into(), "secret-command-failed", "TWO failed"),
    ];
    for (sources, code, word) in table {
        let error = gathered(&scene(&sources, &[], &["THREE"]).await).await.err().unwrap();
        assert_eq!((error.code.as_str(), error.exit), (code, Exit::Failed), "{sources}: {error}");
        let message = error.message.replace(hidden, "");
        assert!(message.contains(word) && !message.contains("hunter22 "), "{message}");
    }
}

/// Each waits for the other one: one after the other they would take too long.
#[tokio::test]
async fn commands_run_side_by_side() {
    let meet = "mkfifo meeting 2> /dev/null;";
    let own = format!("commands = {{ ONE = \"{meet} echo > meeting; echo ONE by own\", TWO = \"{meet} cat meeting > /dev/null; echo TWO by own\" }}");
    check(&own, &["THREE"], &[], ["own", "own", "variable"]).await;
}

#[tokio::test]
async fn all_missing_secrets_are_told_at_once() {
    let error = gathered(&scene("", &["TWO"], &[]).await).await.err().unwrap();
    assert_eq!((error.message.as_str(), error.code.as_str()), ("the secrets ONE, THREE have no values", "secret-missing"));
    let lines: Vec<Option<u32>> = error.findings.iter().map(|finding| finding.place.as_ref().map(|place| place.line)).collect();
    assert_eq!(lines, [Some(4), Some(7)]);
}

#[tokio::test]
async fn what_is_kept_is_listed_and_taken_out_again() {
    let scene = scene("", &[], &["ONE", "OLD"]).await;
    let list = async || secrets_list::run(&scene.context, secrets_list::Input { environment: local() }, &scene.progress).await.unwrap();
    let listed = list().await;
    assert_eq!((listed.missing, listed.superfluous), (vec!["THREE".to_owned(), "TWO".to_owned()], vec!["OLD".to_owned()]));
    assert!(set(&scene, "ONE").await.unwrap().replaced);
    let unset = async || {
        let input = secrets_unset::Input { environment: local(), name: "OLD".into() };
        secrets_unset::run(&scene.context, input, &scene.progress).await
    };
    unset().await.unwrap();
    assert!(list().await.superfluous.is_empty());
    assert_eq!(unset().await.unwrap_err().code, "secret-unknown");
}

#[tokio::test]
async fn names_and_values_that_no_program_could_be_given_are_refused() {
    let scene = scene("", &[], &[]).await;
    for (name, value, code) in [("PORT", "x", "secret-bad-name"), ("A B", "x", "secret-bad-name"), ("ONE", "", "secret-bad-value")] {
        let input = secrets_set::Input { environment: local(), name: name.into(), value: Secret::new(value.into()) };
        let error = secrets_set::run(&scene.context, input, &scene.progress).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), (code, Exit::Usage), "{name}");
    }
    assert!(!scene.context.project.join(".plimsoll").exists());
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "files for a test need not survive a crash")]
async fn a_new_reader_waits_until_the_file_is_encrypted_anew() {
    let mut scene = scene("", &["TWO", "THREE"], &["ONE"]).await;
    let rekey = async || secrets_rekey::run(&scene.context, secrets_rekey::Input { environment: local() }, &scene.progress).await;
    let text = manifest("").replace("lee\"", "lee\", \"age1gzwp4n50eu5a53n9ga840v3t2gn57cfny570p29ln6pjrw8fmapsful20p max\"");
    std::fs::write(scene.context.project.join("plimsoll.toml"), text).unwrap();
    let listed = secrets_list::run(&scene.context, secrets_list::Input { environment: local() }, &scene.progress).await.unwrap();
    assert!(matches!(&listed.file.waiting[..], [max] if max.starts_with("max")), "{listed:?}");
    let refused = set(&scene, "ONE").await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.exit), ("secrets-other-readers", Exit::Manifest));
    assert!(refused.message.contains("not yet a reader: max") && refused.help.unwrap().contains("plimsoll secrets rekey local"));
    assert!(gathered(&scene).await.is_ok());
    assert!(matches!(scene.told.recv().await, Some(Event::Notice { message }) if message.contains("secrets rekey local")));
    let rekeyed = rekey().await.unwrap();
    assert_eq!((rekeyed.added, rekeyed.readers.len()), (listed.file.waiting, 2));
    std::fs::write(scene.context.project.join("plimsoll.toml"), manifest("")).unwrap();
    assert!(matches!(&rekey().await.unwrap().removed[..], [max] if max.starts_with("max")));
    assert_eq!(rekey().await.unwrap().removed, Vec::<String>::new());
    std::fs::remove_file(scene.context.project.join(".plimsoll/secrets/local.age")).unwrap();
    assert_eq!(rekey().await.unwrap_err().code, "secrets-no-file");
}

/// Gathers the private key of a certificate from one of the places; gives what the value says of it.
async fn key(sources: &str, variables: &[&str], kept: &[&str]) -> Option<String> {
    let scene = scene("", variables, kept).await;
    let text = manifest(sources) + "[environments.local.tls]\ncertificate = \"shop.pem\"\nkey = { secret = \"TLS_KEY\" }\n";
    let text = text.replace("run = \"./a\"", "run = \"./a\"\nroute = { host = \"shop.example\" }");
    #[expect(clippy::disallowed_methods, reason = "files for a test need not survive a crash")]
    std::fs::write(scene.context.project.join("plimsoll.toml"), text).unwrap();
    let loaded = project::load(&scene.context, &local()).unwrap();
    let value = |values: &Values| values.get("TLS_KEY").map(|value| value.expose().clone());
    let alone = value(&keys(&scene.context, &loaded, &scene.progress).await.unwrap());
    let all = gathered(&scene).await.unwrap();
    assert_eq!((value(&all.keys), all.keys.len()), (alone.clone(), usize::from(alone.is_some())));
    assert!(all.values.0.values().all(|values| !values.contains_key("TLS_KEY")), "no slot gets it");
    let listed = secrets_list::run(&scene.context, secrets_list::Input { environment: local() }, &scene.progress).await.unwrap();
    let users = listed.secrets.iter().find(|secret| secret.name == "TLS_KEY").map(|secret| &secret.users);
    assert_eq!(users.unwrap().certificates, BTreeSet::from(["shop.pem".to_owned()]));
    assert_eq!(listed.missing.contains(&"TLS_KEY".to_owned()), alone.is_none());
    let judged = certs_check::run(&scene.context, certs_check::Input { environment: local() }, &scene.progress).await.unwrap_err();
    assert_eq!(judged.findings.iter().any(|finding| finding.code == "secret-missing"), alone.is_none());
    alone
}

#[tokio::test]
async fn a_private_key_comes_from_the_same_places() {
    let others = ["ONE", "TWO", "THREE"];
    let by_variable = ["ONE", "TWO", "THREE", "TLS_KEY"];
    let command = "commands = { TLS_KEY = \"echo TLS_KEY by own\" }";
    assert_eq!(key(command, &by_variable, &["TLS_KEY"]).await.as_deref(), Some("TLS_KEY by variable"));
    assert_eq!(key(command, &others, &["TLS_KEY"]).await.as_deref(), Some("TLS_KEY by file"));
    assert_eq!(key(command, &others, &[]).await.as_deref(), Some("TLS_KEY by own"));
    assert_eq!(key("", &others, &[]).await, None);
}
