//! What becomes of files.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use plimsoll_model::Secret;

use super::*;
use crate::tests::Scene;

fn scene(files: &[(&str, &str)]) -> (Scene, PathBuf) {
    let mut scene = Scene::new(files);
    let home = scene.context.project.join("../person");
    fs::create_dir(&home).unwrap();
    scene.context.variables.insert("HOME".into(), Secret::new(home.display().to_string()));
    (scene, home)
}

async fn install(scene: &Scene, input: Input) -> Result<Output, OpError> {
    run(&scene.context, input, &scene.progress).await
}

#[tokio::test]
async fn nothing_is_written_before_somebody_agrees_and_nothing_twice() {
    let (scene, home) = scene(&[(".mcp.json", "{}\n")]);
    let input = Input { environments: vec!["dev".parse().unwrap()], read_only: true, ..Input::default() };
    let seen = install(&scene, input.clone()).await.unwrap();
    assert!(seen.waits() && !seen.written);
    let file = scene.context.project.join(".mcp.json");
    assert_eq!(fs::read_to_string(&file).unwrap(), "{}\n");
    assert!(seen.entries[0].diff.as_ref().unwrap().contains(r#"+      "args": ["mcp", "--read-only", "--allow-env", "dev"]"#), "{seen:?}");
    let agreed = Input { agreed: true, ..input };
    let done = install(&scene, agreed.clone()).await.unwrap();
    assert!(done.written && !done.waits());
    assert!(fs::read_to_string(&file).unwrap().contains(r#""command": "plimsoll""#));
    let again = install(&scene, agreed).await.unwrap();
    assert!(!again.written && !again.waits() && again.entries[0].diff.is_none());
    assert_eq!(home.read_dir().unwrap().count(), 0, "the scope was the project");
}

#[tokio::test]
async fn every_client_gets_its_own_file_where_links_and_permissions_stay() {
    let (scene, home) = scene(&[]);
    plimsoll_durable::replace(&home.join("dotfiles.json"), b"{ \"theme\": 1 }").unwrap();
    fs::set_permissions(home.join("dotfiles.json"), Permissions::from_mode(0o640)).unwrap();
    symlink("dotfiles.json", home.join(".claude.json")).unwrap();
    for (scope, client) in Client::ALL.into_iter().flat_map(|client| [(Scope::Project, client), (Scope::User, client)]) {
        let done = install(&scene, Input { scope, clients: vec![client], agreed: true, ..Input::default() }).await;
        match (client, scope) {
            (Client::ClaudeDesktop, Scope::Project) | (Client::Vscode, Scope::User) => assert_eq!(done.unwrap_err().code, "client-scope-unfit"),
            _ => assert!(fs::read_to_string(&done.unwrap().entries[0].file).unwrap().contains("mcp"), "{client} {scope:?}"),
        }
    }
    assert!(home.join(".claude.json").is_symlink());
    assert!(fs::read_to_string(home.join("dotfiles.json")).unwrap().contains("theme"));
    assert_eq!(fs::metadata(home.join("dotfiles.json")).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::read_to_string(scene.context.project.join(".vscode/mcp.json")).unwrap().contains("${workspaceFolder}"));
}

#[tokio::test]
async fn a_broken_file_keeps_all_of_them_as_they_are() {
    let (scene, home) = scene(&[(".mcp.json", "{}"), (".cursor/mcp.json", "{ broken")]);
    let error = install(&scene, Input { agreed: true, ..Input::default() }).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.exit), ("client-file-unfit", Exit::Failed));
    assert!(error.message.contains(".cursor/mcp.json") && error.help.is_some(), "{}", error.message);
    assert_eq!(fs::read_to_string(scene.context.project.join(".mcp.json")).unwrap(), "{}");
    fs::remove_dir_all(scene.context.project.join(".cursor")).unwrap();
    fs::remove_file(scene.context.project.join(".mcp.json")).unwrap();
    let error = install(&scene, Input::default()).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.exit), ("client-unfound", Exit::Usage));
    assert_eq!(home.read_dir().unwrap().count(), 0);
}
