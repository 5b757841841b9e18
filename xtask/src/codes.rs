//! The index of the codes that errors and findings have: read out of the sources where they are made, completed by what cannot be read there.

mod meanings;
mod source;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::command::root;
use meanings::{MEANINGS, NO_FAILURES};
use source::{Said, collect, literals, shown};

/// What is advised where a failure says nothing of it.
const ADVICE: &str = "crates/ops/src/advice.rs";

/// Where the index is written.
pub const INDEX: &str = "docs/codes.md";

const HEAD: &str = "\
# Codes
Every failure has a code that stays the same: `code` in JSON and in answers to agents, and in the first line that people read. Here they all are, with what is said
(`…` stands for what is known only then) and what to do next. What a program's own failure has to say stands in `details`.

| code | it says | what to do |
|---|---|---|
";

/// The index, as it is written.
///
/// # Errors
/// A source cannot be read, or says nothing of what a code means or what to do about it.
pub fn index() -> Result<String, String> {
    let mut codes = BTreeMap::new();
    for path in sources(&root().join("crates"))? {
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        collect(text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default(), &mut codes);
    }
    let advice = fs::read_to_string(root().join(ADVICE)).map_err(|error| format!("{ADVICE}: {error}"))?;
    complete(&advice, &mut codes)?;
    let rows = codes.iter().map(|(code, said)| format!("| `{code}` | {} | {} |\n", said.message, said.help));
    Ok(HEAD.to_owned() + &rows.collect::<String>())
}

/// Adds what cannot be read where codes are made, and sees that nothing is missing then.
fn complete(advice: &str, codes: &mut BTreeMap<String, Said>) -> Outcome {
    codes.retain(|code, _| !NO_FAILURES.contains(&code.as_str()));
    let known = |text: &str| (!text.is_empty()).then(|| shown(text));
    for (code, meaning, help) in MEANINGS {
        let said = codes.get_mut(*code).ok_or_else(|| format!("`{code}` has a meaning, and nothing fails so"))?;
        said.message = known(meaning).unwrap_or_else(|| said.message.clone());
        said.help = known(help).unwrap_or_else(|| said.help.clone());
    }
    let advice = literals(advice.split("#[cfg(test)]").next().unwrap_or_default());
    for pair in advice.chunks_exact(2) {
        let said = codes.get_mut(&pair[0].text).ok_or_else(|| format!("`{}` has advice, and nothing fails so", pair[0].text))?;
        said.help = if said.help.is_empty() { shown(&pair[1].text) } else { said.help.clone() };
    }
    let missing: Vec<&str> =
        codes.iter().filter(|(_, said)| said.message.is_empty() || said.help.is_empty()).map(|(code, _)| code.as_str()).collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("nothing says what these mean, or what to do: {} (see {ADVICE} and xtask/src/codes/meanings.rs)", missing.join(", ")))
    }
}

/// Every file that is part of the product.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, String> {
    const TESTS: [&str; 4] = ["tests", "testkit", "simulation", "tests.rs"];
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if TESTS.contains(&name) {
            continue;
        }
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Writes the index.
///
/// # Errors
/// A source cannot be read, or the index not be written.
pub fn write() -> Outcome {
    fs::write(root().join(INDEX), index()?).map_err(|error| format!("{INDEX}: {error}"))
}
