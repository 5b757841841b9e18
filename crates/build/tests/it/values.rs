//! Commands that print the value of a secret.

use std::collections::BTreeMap;

use plimsoll_build::value::{LIMIT_MS, ask};

async fn check(command: &str, limit_ms: u64, expect: Result<&str, &str>) {
    let facts = BTreeMap::from([("PLIMSOLL_SECRET".to_owned(), "API_KEY".to_owned())]);
    let folder = tempfile::tempdir().unwrap();
    let found = ask(command, folder.path(), &facts, limit_ms).await;
    match found {
        Ok(value) => assert_eq!(Ok(value.expose().as_str()), expect, "{command}"),
        Err(error) => assert_eq!(Err(error.to_string().as_str()), expect, "{command}"),
    }
}

#[tokio::test]
async fn what_a_command_prints_is_the_value() {
    check("echo hunter22", LIMIT_MS, Ok("hunter22")).await;
    check("printf 'a\\r\\n'", LIMIT_MS, Ok("a")).await;
    check("printf ' a \\n\\n'", LIMIT_MS, Ok(" a \n")).await;
    check("echo \"of $PLIMSOLL_SECRET\"; echo noise >&2", LIMIT_MS, Ok("of API_KEY")).await;
    check("cat", LIMIT_MS, Err("printed nothing")).await;
    check("echo", LIMIT_MS, Err("printed nothing")).await;
    check("echo hunter22; echo hunter22 >&2; exit 3", LIMIT_MS, Err("failed with exit code 3")).await;
    check("echo hunter22; kill -9 $$", LIMIT_MS, Err("was ended by signal 9")).await;
    check("printf '\\377'", LIMIT_MS, Err("printed what is no text in UTF-8")).await;
    check("yes", LIMIT_MS, Err("printed more than 1 MiB")).await;
    check("echo hunter22; sleep 600", 20, Err("took longer than 20 ms and was ended")).await;
}
