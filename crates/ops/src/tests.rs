//! What tests of operations share, and what holds for all operations.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use plimsoll_model::Secret;
use plimsoll_model::deployment::{DeploymentRecord, Holder, Outcome, Stage};
use plimsoll_model::plan::{Desired, Intent};
use plimsoll_model::source::Source;
use plimsoll_model::time::Moment;
use plimsoll_model::{Digest, PlanHash};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::{
    Always, Ask, Context, Event, Exit, Keyring, OPERATIONS, Progress, Tests, Wanted, deploy, history, host_stop, host_upgrade, plan, resume,
    rollback, show, status,
};

/// A project in a folder of its own, and a call about it.
pub(crate) struct Scene {
    pub(crate) context: Context,
    pub(crate) progress: Progress,
    pub(crate) told: UnboundedReceiver<Event>,
    _folder: TempDir,
}

impl Scene {
    /// With these files in the project's folder.
    #[expect(clippy::disallowed_methods, reason = "files for a test need not survive a crash")]
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let context = context(folder.path());
        std::fs::create_dir(&context.project).unwrap();
        for (name, text) in files {
            let path = context.project.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let (progress, told) = unbounded_channel();
        Self { context, progress, told, _folder: folder }
    }
}

/// A call from the machine `here`, with everything below `folder`.
pub(crate) fn context(folder: &Path) -> Context {
    Context {
        project: folder.join("project"),
        home: folder.join("home"),
        cache: folder.join("cache"),
        exe: folder.join("plimsoll"),
        ssh: plimsoll_connect::Ssh { config: None, sockets: folder.join("ssh"), asks: false, known: plimsoll_connect::Known::default() },
        holder: Holder { user: "me".into(), machine: "here".into(), pid: std::process::id(), surface: "cli".into() },
        variables: BTreeMap::new(),
        log: None,
        idempotency_key: None,
        keys: Keyring { files: Vec::new(), named: false, ask: Arc::new(Nobody) },
        cancel: CancellationToken::new(),
    }
}

/// Knows no passphrase.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Ask for Nobody {
    fn passphrase(&self, _: &Path, _: bool) -> Option<Secret<String>> {
        None
    }
}

/// A deployment that is over.
pub(crate) fn record(number: u8, commit: &str, dirty: bool, outcome: Outcome) -> DeploymentRecord {
    DeploymentRecord {
        id: format!("d-{number}").parse().unwrap(),
        key: plimsoll_model::EnvironmentKey { project: "shop".parse().unwrap(), environment: "local".parse().unwrap() },
        plan: PlanHash(Digest::of(&[number])),
        intent: Intent::Deploy,
        source: Source { version: format!("v{number}"), commit: Some(commit.into()), dirty, ..Source::default() },
        holder: Holder { user: "u".into(), machine: "m".into(), pid: 1, surface: "cli".into() },
        reason: None,
        idempotency_key: None,
        approval: None,
        started_at: Moment(0),
        ended_at: None,
        stage: Stage::Closed { outcome },
        failure: None,
        components: Vec::new(),
        leftovers: Vec::new(),
        desired: Desired::default(),
    }
}

/// The operations are the files, or folders, that have a `run` for surfaces to call.
fn files() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = source.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let runs = |path: &Path| {
        let file = if path.is_dir() { path.join("mod.rs") } else { path.to_path_buf() };
        std::fs::read_to_string(file).is_ok_and(|text| text.contains("\npub async fn run("))
    };
    entries.filter(|path| runs(path)).map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_operation_is_listed_once_and_public() {
    assert!(OPERATIONS.is_sorted());
    assert_eq!(OPERATIONS.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), files().into_iter().collect::<Vec<_>>());
    let lines = include_str!("lib.rs");
    let public: Vec<&str> = lines.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(public, OPERATIONS);
}

fn sent<F: Future + Send>(_: impl Fn(&'static Context, &'static Progress) -> F) {}

#[test]
fn operations_can_be_run_by_any_thread() {
    let environment = || plimsoll_model::EnvironmentName::new("local").unwrap();
    sent(|context, progress| plan::run(context, plan::Input { environment: environment(), source: Wanted::Default }, progress));
    sent(|context, progress| resume::run(context, resume::Input { environment: environment() }, progress));
    sent(|context, progress| status::run(context, status::Input { environment: environment(), strict: false }, progress));
    let input =
        |environment| rollback::Input { environment, to: rollback::Target::Last, data: rollback::Data::Stays, expect_plan: None, reason: None };
    sent(move |context, progress| rollback::run(context, input(environment()), &Always, progress));
    let input = |environment| deploy::Input { environment, source: Wanted::Default, tests: Tests::Full, expect_plan: None, reason: None };
    sent(move |context, progress| deploy::run(context, input(environment()), &Always, progress));
}

/// A question about an environment of which there is nothing, and what becomes of it: some have an empty answer, others none.
async fn asked_of_nothing(scene: &Scene, operation: &str) -> Result<serde_json::Value, (String, Exit)> {
    let (context, progress) = (&scene.context, &scene.progress);
    let environment = plimsoll_model::EnvironmentName::new("local").unwrap();
    let answer = match operation {
        "history" => {
            history::run(context, history::Input { environment, limit: 10, stable: false }, progress).await.map(|output| serde_json::json!(output))
        }
        "host_stop" => host_stop::run(context, host_stop::Input::default(), progress).await.map(|output| serde_json::json!(output)),
        "host_upgrade" => host_upgrade::run(context, host_upgrade::Input::default(), progress).await.map(|output| serde_json::json!(output)),
        "resume" => resume::run(context, resume::Input { environment }, progress).await.map(|output| serde_json::json!(output)),
        "show" => show::run(context, show::Input { environment, id: "d".into(), log: false }, progress).await.map(|output| serde_json::json!(output)),
        other => unreachable!("{other}"),
    };
    answer.map_err(|error| (error.code, error.exit))
}

#[tokio::test]
async fn where_nothing_ever_was_looking_finds_nothing_and_starts_nothing() {
    let scene = Scene::new(&[("plimsoll.toml", "name = \"shop\"\n[components.web]\nrun = \"./web\"\n")]);
    let none = serde_json::Value::Null;
    for (operation, expect) in [
        ("history", Ok(serde_json::json!({ "deployments": [] }))),
        ("host_stop", Ok(serde_json::json!({ "stopped": false }))),
        ("host_upgrade", Ok(serde_json::json!({ "serves": none, "daemon": none, "proxy": none }))),
        ("resume", Ok(serde_json::json!({ "deployment": none }))),
        ("show", Err(("unknown-deployment".to_owned(), Exit::Usage))),
    ] {
        assert_eq!(asked_of_nothing(&scene, operation).await, expect, "{operation}");
        assert!(!scene.context.home.exists(), "{operation}");
    }
}
