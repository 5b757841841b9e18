//! What holds for every text.

use proptest::prelude::*;

use super::super::{Tree, environments, guess, judge, judge_tree, read};
use super::memory::Memory;
use super::{GOOD, environment};
use crate::finding::{Finding, Severity};

/// Reads `text` in all ways, and checks what must hold whatever it says.
pub(super) fn check(text: &str) -> Result<(), TestCaseError> {
    let local = environment("local");
    let findings = judge(text, "plimsoll.toml");
    prop_assert!(findings.iter().all(|finding| finding.place.is_some() && finding.help.is_some()), "{:?}", findings);
    places_are_in(text, &findings)?;
    match read(text, "plimsoll.toml", &local) {
        Ok(project) => {
            let parsed: toml::Table = toml::from_str(text).expect("what is accepted is TOML");
            let rewritten = toml::to_string(&parsed).expect("a table has a TOML form");
            prop_assert_eq!(read(&rewritten, "plimsoll.toml", &local), Ok(project.clone()), "{}", rewritten);
            prop_assert!(environments(text).contains(&local));
            places_are_in(text, &judge_tree(text, "plimsoll.toml", &project, &Memory::default()))?;
        }
        Err(findings) => {
            prop_assert!(findings.iter().any(|finding| finding.severity == Severity::Error));
            places_are_in(text, &findings)?;
        }
    }
    Ok(())
}

fn places_are_in(text: &str, findings: &[Finding]) -> Result<(), TestCaseError> {
    for place in findings.iter().filter_map(|finding| finding.place.as_ref()) {
        prop_assert!(text.get(place.offset..place.offset + place.length).is_some(), "{:?}", place);
        let before = &text[..place.offset];
        prop_assert_eq!(place.line as usize, before.matches('\n').count() + 1);
        prop_assert_eq!(place.column as usize, before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1);
    }
    Ok(())
}

/// Pieces that make something a manifest cares about.
fn piece() -> impl Strategy<Value = String> {
    let words = ["\"", "[", "]", "{", "}", "=", "\n", ".", "\"\"\"", "web", "PORT", "5", "-1", "true", "\u{0}", "\u{1b}", "é", "../x", "run", "site"];
    prop_oneof![prop::sample::select(words.to_vec()).prop_map(str::to_owned), "\\PC{0,8}"]
}

proptest! {
    #[test]
    fn any_text_is_judged(text in "(?s).{0,200}") {
        check(&text)?;
    }

    #[test]
    fn any_change_of_a_good_manifest_is_judged(cuts in prop::collection::vec((0..GOOD.len(), 0..12_usize, piece()), 1..4)) {
        let mut text = GOOD.to_owned();
        for (at, length, piece) in cuts {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, &piece);
        }
        check(&text)?;
    }

    #[test]
    fn any_value_anywhere_is_judged(line in 0..GOOD.lines().count(), value in prop::sample::select(&["5", "1.5", "true", "\"\"", "\"x y\"", "[]", "[5]", "{}", "{ x = 1 }", "1979-05-27"][..])) {
        let change = |(number, text): (usize, &str)| match text.split_once(" = ") {
            Some((key, _)) if number == line => format!("{key} = {value}"),
            _ => text.to_owned(),
        };
        check(&GOOD.lines().enumerate().map(change).collect::<Vec<_>>().join("\n"))?;
    }

    #[test]
    fn any_guess_is_read(name in "\\PC{0,50}", files in prop::collection::vec((path(), content()), 0..6)) {
        let tree = Memory { files: files.into_iter().collect(), ..Memory::default() };
        if let Some(text) = guess(&tree as &dyn Tree, &name).text {
            prop_assert!(read(&text, "plimsoll.toml", &environment("local")).is_ok(), "{}\n{:?}", text, tree);
        }
    }
}

fn path() -> impl Strategy<Value = String> {
    let folders = ["", "web/", "A b/", "cmd/x/", "src/", "src/bin/", "\u{7}/"];
    let files = [
        "Cargo.toml",
        "Dockerfile",
        "Procfile",
        "app.py",
        "compose.yml",
        "go.mod",
        "index.html",
        "main.go",
        "main.rs",
        "package.json",
        "requirements.txt",
    ];
    (prop::sample::select(folders.to_vec()), prop::sample::select(files.to_vec())).prop_map(|(folder, file)| format!("{folder}{file}"))
}

fn content() -> impl Strategy<Value = String> {
    let word = "[a-z \"'\\\\\n=;&../]{0,12}";
    prop_oneof![
        "\\PC{0,30}",
        word.prop_map(|name| format!("[package]\nname = {}\n[[bin]]\nname = {}", toml::Value::String(name.clone()), toml::Value::String(name))),
        word.prop_map(
            |command| serde_json::json!({ "name": command, "scripts": { "start": format!("node {command}"), "build": command } }).to_string()
        ),
        word.prop_map(|command| format!("web: {command}\nworker: {command}\n{command}: x")),
        word.prop_map(|module| format!("module {module}\nflask\nvite")),
        word.prop_map(|name| format!("{name} = Flask(__name__)")),
    ]
}
