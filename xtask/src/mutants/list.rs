//! The list of deliberate mistakes.

use serde::Deserialize;

use crate::command::root;

/// A deliberate mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutation {
    /// What it is called.
    pub name: String,
    /// The file that it is made in, relative to the workspace.
    pub file: String,
    /// What stands there, exactly once.
    pub find: String,
    /// What stands there instead.
    pub replace: String,
    /// What it would do.
    pub why: String,
}

#[derive(Deserialize)]
struct List {
    mutation: Vec<Mutation>,
}

/// Reads the list.
///
/// # Errors
/// When it cannot be read.
pub fn read() -> Result<Vec<Mutation>, String> {
    let path = root().join("crates/simulation/mutations.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str::<List>(&text).map(|list| list.mutation).map_err(|error| format!("{}: {error}", path.display()))
}

impl Mutation {
    /// The text with the mistake in it.
    ///
    /// # Errors
    /// When it cannot be made: what is to be replaced is not there, or more than once.
    pub fn applied(&self, text: &str) -> Result<String, String> {
        match text.matches(&self.find).count() {
            1 => Ok(text.replace(&self.find, &self.replace)),
            count => Err(format!("it has rotted: what it replaces is {count} times in {}", self.file)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutation_can_still_be_made() {
        let mutations = read().expect("the list can be read");
        assert!(mutations.len() >= 15, "{}", mutations.len());
        for mutation in mutations {
            let text = std::fs::read_to_string(root().join(&mutation.file)).unwrap_or_else(|error| panic!("{}: {error}", mutation.file));
            let applied = mutation.applied(&text).unwrap_or_else(|why| panic!("{}: {why}", mutation.name));
            assert_ne!(applied, text, "{}", mutation.name);
        }
    }
}
