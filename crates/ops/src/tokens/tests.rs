//! What a token lets in, and what is kept of it.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::tests::Scene;
use crate::{token_create, token_list, token_revoke};

const MANIFEST_TEXT: &str = "name = \"shop\"\n[components.web]\nrun = \"./web\"\n[environments.dev]\nhosts = [\"local\"]\n";
const DAY_MS: u64 = 86_400_000;

fn scene() -> Scene {
    Scene::new(&[("plimsoll.toml", MANIFEST_TEXT)])
}

fn wanted(name: &str) -> token_create::Input {
    token_create::Input { name: name.into(), scope: Scope::default(), expires_in_ms: DAY_MS }
}

async fn create(scene: &Scene, input: token_create::Input) -> Result<(Secret<String>, TokenView), OpError> {
    let output = token_create::run(&scene.context, input, &scene.progress).await?;
    Ok((Secret::new(output.token), output.about))
}

#[tokio::test]
async fn a_token_lets_in_until_it_is_revoked() {
    let scene = scene();
    let door = Doorkeeper::of(&scene.context).unwrap();
    let scope = Scope { read_only: true, environments: BTreeSet::from(["dev".parse().unwrap()]) };
    let (token, about) = create(&scene, token_create::Input { scope: scope.clone(), ..wanted("ci") }).await.unwrap();
    assert_eq!(token.expose().len(), PREFIX.len() + 64);
    assert_eq!(door.admit(&token).unwrap(), Grant { id: about.id.clone(), name: "ci".into(), scope });
    for shown in [Secret::new(String::new()), Secret::new(about.id.clone()), Secret::new(format!("{}0", token.expose())), fresh()] {
        assert_eq!(door.admit(&shown).unwrap_err().code, "token-unknown");
    }
    let revoked = token_revoke::run(&scene.context, token_revoke::Input { token: "ci".into() }, &scene.progress).await.unwrap();
    assert_eq!((revoked.about.id, revoked.about.state), (about.id, TokenState::Revoked));
    assert_eq!(door.admit(&token).unwrap_err().code, "token-revoked");
    // Its name is free again.
    let (second, _) = create(&scene, wanted("ci")).await.unwrap();
    assert!(door.admit(&second).is_ok() && door.admit(&token).is_err());
    let listed = token_list::run(&scene.context, token_list::Input {}, &scene.progress).await.unwrap();
    assert_eq!(listed.tokens.iter().map(|token| token.state).collect::<Vec<_>>(), [TokenState::Revoked, TokenState::Valid]);
}

#[tokio::test]
async fn what_is_kept_lets_nobody_in() {
    let scene = scene();
    let (token, _) = create(&scene, wanted("ci")).await.unwrap();
    let path = scene.context.home.join("tokens/tokens.json");
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(!kept.contains(&token.expose()[PREFIX.len()..]), "{kept}");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[tokio::test]
async fn a_token_is_for_one_project_and_some_time() {
    let scene = scene();
    let (token, about) = create(&scene, wanted("ci")).await.unwrap();
    let book = Book::read(&scene.context.home).unwrap();
    let check = |project: &str, now: Moment, expect: Result<(), &str>| {
        let found = judge(&book, &project.parse().unwrap(), &token, now).map(|_| ()).map_err(|error| error.code);
        assert_eq!(found, expect.map_err(str::to_owned), "{project} {now}");
    };
    check("shop", about.created_at, Ok(()));
    check("shop", Moment(about.expires_at.0 - 1), Ok(()));
    check("shop", about.expires_at, Err("token-expired"));
    check("other", about.created_at, Err("token-elsewhere"));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let scene = scene();
    create(&scene, wanted("ci")).await.unwrap();
    let elsewhere = Scope { environments: BTreeSet::from(["production".parse().unwrap()]), ..Scope::default() };
    for (input, expect) in [
        (wanted("ci"), "token-name-taken"),
        (wanted("C I"), "token-bad-name"),
        (token_create::Input { expires_in_ms: 0, ..wanted("a") }, "token-bad-expiry"),
        (token_create::Input { expires_in_ms: token_create::LONGEST_MS + 1, ..wanted("a") }, "token-bad-expiry"),
        (token_create::Input { scope: elsewhere, ..wanted("a") }, "unknown-environment"),
    ] {
        assert_eq!(create(&scene, input).await.unwrap_err().code, expect);
    }
    let missing = token_revoke::run(&scene.context, token_revoke::Input { token: "none".into() }, &scene.progress).await;
    assert_eq!(missing.unwrap_err().code, "token-missing");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a file for a test need not survive a crash")]
async fn what_a_newer_one_wrote_is_left_alone() {
    let scene = scene();
    let folder = scene.context.home.join("tokens");
    std::fs::create_dir_all(&folder).unwrap();
    for (text, code) in [("{\"version\":2,\"tokens\":[]}", "tokens-newer"), ("nonsense", "tokens-unusable")] {
        std::fs::write(folder.join("tokens.json"), text).unwrap();
        assert_eq!(create(&scene, wanted("ci")).await.unwrap_err().code, code);
        assert_eq!(std::fs::read_to_string(folder.join("tokens.json")).unwrap(), text);
    }
}
