//! Lets a person edit the values in the environment's file, all at once.

use async_trait::async_trait;
use plimsoll_model::{EnvironmentKey, EnvironmentName, Secret};
use plimsoll_vault::{Document, Nonsense, Values, VaultFile, read_lines, write_lines};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secrets::{opened_to_revise, readers, revised};
use crate::{Context, Exit, OpError, Progress, project};

/// What is to be edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The names of the secrets that are new.
    pub added: Vec<String>,
    /// The names of those with another value.
    pub changed: Vec<String>,
    /// The names of those that are gone.
    pub removed: Vec<String>,
    /// The file, from the project's folder.
    pub file: String,
    /// Who can read it now; nobody when it was not written, because nothing was changed.
    pub readers: Vec<String>,
}

/// Whoever gives a text to a person, and takes it back.
#[async_trait]
pub trait Revise: Send + Sync {
    /// The text as the person left it. Nothing of it stays behind.
    ///
    /// # Errors
    /// There is no one to edit it, or no safe place for it.
    async fn revise(&self, text: &Secret<String>) -> Result<Secret<String>, OpError>;

    /// Whether the person wants to go on with a text that cannot be kept as it is, for the reason that `trouble` tells.
    async fn again(&self, trouble: &OpError) -> bool;
}

/// Gives the values to `revise` as lines `NAME = "value"`, and keeps what comes back.
///
/// # Errors
/// What comes back is nonsense, the file cannot be opened or written, others can read it than those whom the manifest names, or it was changed
/// meanwhile; it is then as it was.
pub async fn run(context: &Context, input: Input, revise: &dyn Revise, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let seen = opened_to_revise(context, &loaded).await?;
    let text = Secret::new(head(&loaded.key()) + write_lines(&seen.document.values).as_str());
    let file = VaultFile::of(&context.project, &input.environment).name();
    let values = edited(revise, text, &file).await?;
    let output = Output { file, ..compared(&seen.document.values, &values) };
    if output.added.is_empty() && output.changed.is_empty() && output.removed.is_empty() {
        return Ok(output);
    }
    let document = Document { values, ..seen.document.clone() };
    revised(context, &loaded, seen, document).await?;
    Ok(Output { readers: readers(&loaded.project.secrets.recipients), ..output })
}

/// What the person made of `text`, when it can be kept.
async fn edited(revise: &dyn Revise, mut text: Secret<String>, file: &str) -> Result<Values, OpError> {
    loop {
        text = revise.revise(&text).await?;
        let trouble = match read_lines(text.expose()) {
            Ok(values) => return Ok(values),
            Err(nonsense) => refused(&nonsense, file),
        };
        if !revise.again(&trouble).await {
            return Err(trouble);
        }
    }
}

fn head(key: &EnvironmentKey) -> String {
    format!(
        "# Secrets of {key}: lines of NAME = \"value\". Several lines stand between \"\"\" and \"\"\"; between ''' and ''' a backslash is just that.\n\
         # What is not of this form is refused, and the file stays as it was.\n\n"
    )
}

fn compared(old: &Values, new: &Values) -> Output {
    let names = |values: &Values, is: &dyn Fn(&str) -> bool| values.keys().filter(|name| is(name)).cloned().collect();
    Output {
        added: names(new, &|name| !old.contains_key(name)),
        changed: names(new, &|name| old.get(name).is_some_and(|value| new.get(name) != Some(value))),
        removed: names(old, &|name| !new.contains_key(name)),
        ..Output::default()
    }
}

fn refused(nonsense: &Nonsense, file: &str) -> OpError {
    let message = format!("what was edited cannot be kept, and {file} is as it was: {nonsense}");
    OpError::new(Exit::Usage, "secrets-nonsense", message).with_help("edit it again, with a line NAME = \"value\" for each secret")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::tests::{Nobody, Scene};
    use crate::{Keyring, secrets_set};

    const TEXT: &str = "name = \"shop\"\n[components.a]\nrun = \"./a\"\n[secrets]\n\
                        recipients = [\"age1prr3pgkmfraael6jrsk9gg9pem0wun2q2fnynu0c4d95glz5g36smtjsar\"]\n";

    /// Makes these texts of what is given, one after the other, and is willing to go on until they are used up.
    struct Person(Mutex<Vec<&'static str>>);

    #[async_trait]
    impl Revise for Person {
        async fn revise(&self, text: &Secret<String>) -> Result<Secret<String>, OpError> {
            assert!(text.expose().contains("hunter22"), "what was written last is given again");
            Ok(Secret::new(self.0.lock().unwrap().remove(0).to_owned()))
        }

        async fn again(&self, _: &OpError) -> bool {
            !self.0.lock().unwrap().is_empty()
        }
    }

    /// Edits a file that has `A`; gives what changed, or how it failed.
    async fn check(texts: &[&'static str], expect: Result<[&[&str]; 3], &str>) {
        let mut scene = Scene::new(&[("plimsoll.toml", TEXT), ("key", "AGE-SECRET-KEY-1AXU9XAF4A0CVA7KXSQTRLN8ZS622WRMSUEVP2VA4VC7VYL3853MQA5GKLS")]);
        scene.context.keys = Keyring { files: vec![scene.context.project.join("key")], named: true, ask: Arc::new(Nobody) };
        let environment = || EnvironmentName::new("local").unwrap();
        let first = secrets_set::Input { environment: environment(), name: "A".into(), value: Secret::new("hunter22".into()) };
        secrets_set::run(&scene.context, first, &scene.progress).await.unwrap();
        let edited = run(&scene.context, Input { environment: environment() }, &Person(Mutex::new(texts.to_vec())), &scene.progress).await;
        let told = edited.map(|output| [output.added, output.changed, output.removed]).map_err(|error| error.code);
        let expect = expect.map(|lists| lists.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
        assert_eq!(told, expect.map_err(str::to_owned), "{texts:?}");
    }

    #[tokio::test]
    async fn what_was_edited_is_kept_when_it_can_be() {
        check(&["A = \"hunter22\""], Ok([&[], &[], &[]])).await;
        check(&["A = \"x\"\nB = \"y\""], Ok([&["B"], &["A"], &[]])).await;
        check(&["# none"], Ok([&[], &[], &["A"]])).await;
        check(&["A = hunter22", "B = \"x\""], Ok([&["B"], &[], &["A"]])).await;
        check(&["A = hunter22", "hunter22"], Err("secrets-nonsense")).await;
    }

    #[tokio::test]
    async fn nobody_edits_what_nobody_could_read() {
        let scene = Scene::new(&[("plimsoll.toml", "name = \"shop\"\n[components.a]\nrun = \"./a\"\n")]);
        let input = Input { environment: EnvironmentName::new("local").unwrap() };
        let error = run(&scene.context, input, &Person(Mutex::new(Vec::new())), &scene.progress).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.exit), ("secrets-no-recipients", Exit::Manifest));
    }
}
