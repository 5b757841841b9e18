//! What is guessed of a project before it is written down: folders to look at, drafts of components, and the text made of them.

use std::fmt::Write;

use super::tree::Tree;
use crate::RelPath;

/// The first port that is given to a draft; each further one gets the next.
const FIRST_PORT: u16 = 4000;

/// A folder of the project that is looked at.
pub(super) struct Folder<'t> {
    /// The project.
    pub tree: &'t dyn Tree,
    /// The folder, relative to the project's.
    pub path: RelPath,
    /// What a component in it is called when nothing says better.
    pub name: String,
}

/// A component as it was guessed.
#[derive(Default)]
pub(super) struct Draft {
    /// Its name, in whatever letters.
    pub name: String,
    /// What it was guessed from, for the comment above it.
    pub why: String,
    /// Command that builds it.
    pub build: Option<String>,
    /// What the build gives. Empty for its whole folder.
    pub output: Vec<String>,
    /// Command that would test it; only suggested.
    pub test: Option<String>,
    /// What it runs, or nothing for a site.
    pub run: Option<String>,
    /// The folder that it serves.
    pub site: Option<String>,
    /// Unknown paths of the site are the application's own.
    pub spa: bool,
    /// Variables that it needs.
    pub env: Vec<(&'static str, &'static str)>,
    /// It answers HTTP, so it gets a route.
    pub routed: bool,
}

/// A component with its name and its folder.
pub(super) type Named = (String, RelPath, Draft);

/// What a detector found in a folder.
#[derive(Default)]
pub(super) struct Found {
    /// Components.
    pub drafts: Vec<Draft>,
    /// What a person should know or fill in.
    pub notes: Vec<String>,
}

impl Folder<'_> {
    /// The text of a file in the folder.
    pub(super) fn read(&self, name: &str) -> Option<String> {
        self.tree.read(&self.at(name)?)
    }

    /// Whether there is something of this name in the folder.
    pub(super) fn has(&self, name: &str) -> bool {
        self.at(name).is_some_and(|path| self.tree.kind(&path).is_some())
    }

    /// The names in a folder in the folder, sorted.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let mut names = self.at(name).map(|path| self.tree.list(&path)).unwrap_or_default();
        names.sort();
        names
    }

    /// How a file in the folder is called from the project's.
    pub(super) fn spoken(&self, name: &str) -> String {
        self.at(name).map_or_else(|| name.to_owned(), String::from)
    }

    fn at(&self, name: &str) -> Option<RelPath> {
        let path = RelPath::new(&format!("{}/{name}", self.path)).ok()?;
        self.tree.resolves_inside(&path).then_some(path)
    }
}

impl Found {
    /// Just one component.
    pub(super) fn one(draft: Draft) -> Self {
        Self { drafts: vec![draft], notes: Vec::new() }
    }

    /// Just something to say.
    pub(super) fn note(note: String) -> Self {
        Self { drafts: Vec::new(), notes: vec![note] }
    }
}

/// The manifest of the project `name` with these components.
pub(super) fn manifest(name: &str, drafts: &[Named]) -> String {
    let mut text = format!("# What follows was guessed: read it before you deploy. `plimsoll check` judges it.\nname = {}\n", quoted(name));
    let mut ports = FIRST_PORT..;
    for (name, path, draft) in drafts {
        let port = if draft.routed { ports.next() } else { None };
        component(&mut text, name, path, draft, port);
    }
    text += "\n# Where to deploy to, beside this machine (`local`):\n# [environments.production]\n# branch = \"main\"\n# hosts = [\"deploy@host.example\"]\n";
    text
}

fn component(text: &mut String, name: &str, path: &RelPath, draft: &Draft, port: Option<u16>) {
    line(text, format_args!("\n# {}\n[components.{name}]", draft.why.replace(char::is_control, " ")));
    if path.last().is_some() {
        line(text, format_args!("path = {}", quoted(path.as_str())));
    }
    match &draft.build {
        Some(command) if draft.output.is_empty() => line(text, format_args!("build = {}", quoted(command))),
        Some(command) => line(text, format_args!("build = {{ command = {}, output = [{}] }}", quoted(command), list(&draft.output))),
        None => {}
    }
    if let Some(test) = &draft.test {
        line(text, format_args!("# test = {}", quoted(test)));
    }
    kind(text, draft);
    if !draft.env.is_empty() {
        let pairs: Vec<String> = draft.env.iter().map(|(name, value)| format!("{name} = {}", quoted(value))).collect();
        line(text, format_args!("env = {{ {} }}", pairs.join(", ")));
    }
    if let Some(port) = port {
        line(text, format_args!("route = {{ port = {port} }}"));
    }
}

fn kind(text: &mut String, draft: &Draft) {
    if let Some(site) = &draft.site {
        line(text, format_args!("site = {}", quoted(site)));
    }
    if draft.spa {
        line(text, format_args!("spa = true"));
    }
    if let Some(run) = &draft.run {
        let comment = if draft.routed { "  # must answer at 127.0.0.1 on the port in PORT" } else { "" };
        line(text, format_args!("run = {}{comment}", quoted(run)));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a string cannot fail");
}

fn list(items: &[String]) -> String {
    items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", ")
}

/// `text` as a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
