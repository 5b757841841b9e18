//! A folder for one keeper, and a pipe through which its program can say something to the test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_keeper::{Command, Keeper, KeeperSpec, KeptState, Output, Restart, output, procfs};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::unix::pipe;

/// The binary that has the keeper in it.
pub const EXE: &str = env!("CARGO_BIN_EXE_plimsoll-keeper");

pub struct Scene {
    root: TempDir,
    words: Lines<BufReader<pipe::Receiver>>,
}

impl Scene {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("words");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR | Mode::WOTH, 0).unwrap();
        let words = pipe::OpenOptions::new().read_write(true).open_receiver(&path).unwrap();
        Self { root, words: BufReader::new(words).lines() }
    }

    /// The keeper's folder.
    pub fn folder(&self) -> PathBuf {
        self.path("slot")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A spec for a shell script that can `say` something.
    pub fn spec(&self, script: &str) -> KeeperSpec {
        let words = self.path("words");
        let script = format!("say() {{ echo \"$@\" > '{}'; }}\n{script}", words.display());
        KeeperSpec {
            command: Command::Shell(script),
            cwd: "/".into(),
            env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
            secrets_file: None,
            user: None,
            limits: Default::default(),
            output: Output { file: self.path("out.log"), max_bytes: 1_000_000, keep: 2 },
            restart: Restart { first_ms: 1, max_ms: 4, healthy_after_ms: 3_600_000 },
            hold_sockets: false,
            stop_grace_ms: 60_000,
        }
    }

    pub async fn spawn(&self, spec: &KeeperSpec) -> Keeper {
        Keeper::spawn(Path::new(EXE), &self.folder(), spec).await.unwrap()
    }

    /// What the program says next.
    pub async fn word(&mut self) -> String {
        self.words.next_line().await.unwrap().unwrap()
    }

    /// What the program says next, as the number of a process.
    pub async fn pid(&mut self) -> Pid {
        Pid::from_raw(self.word().await.parse().unwrap()).unwrap()
    }

    /// All that the program printed, without the times.
    pub fn printed(&self) -> Vec<String> {
        output::tail(&self.path("out.log"), 1000).iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
    }
}

impl Drop for Scene {
    /// Leaves no keeper behind, also when the test fails.
    fn drop(&mut self) {
        let folder = self.folder();
        let stop = async move {
            if let Ok(Some(keeper)) = Keeper::attach(&folder).await {
                let _ = keeper.stop(0).await;
            }
        };
        let _ = std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(stop)).join();
    }
}

/// A spec for the example `answer`, which listens at `answer.sock` and is started again after `first_ms`.
pub fn answering(scene: &Scene, first_ms: u64) -> KeeperSpec {
    let path = Path::new(EXE).parent().unwrap().join("examples/answer");
    assert!(path.exists(), "cargo builds examples together with all tests: {}", path.display());
    let mut spec = scene.spec("");
    spec.command = Command::Program { path, args: vec![scene.path("answer.sock").display().to_string()] };
    spec.hold_sockets = true;
    spec.restart.first_ms = first_ms;
    spec.restart.max_ms = first_ms.max(100);
    spec
}

/// Waits until the program is as `wanted`.
pub async fn until(keeper: &Keeper, wanted: impl FnMut(&KeptState) -> bool) -> KeptState {
    keeper.watch().wait_for(wanted).await.unwrap().clone()
}

/// The number of the program, while it runs.
pub fn program(keeper: &Keeper) -> Pid {
    Pid::from_raw(keeper.state().pid.unwrap() as i32).unwrap()
}

/// The number of its keeper.
pub fn keeper_of(program: Pid) -> Pid {
    Pid::from_raw(procfs::one(program.as_raw_nonzero().get()).unwrap().parent).unwrap()
}

pub fn kill(pid: Pid) {
    kill_process(pid, Signal::KILL).unwrap();
}

pub fn is_gone(pid: Pid) -> bool {
    procfs::one(pid.as_raw_nonzero().get()).is_none_or(|process| process.is_zombie())
}

/// Waits for the end of a process that is no child of ours.
pub async fn gone(pid: Pid) {
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return };
    tokio::task::spawn_blocking(move || poll(&mut [PollFd::new(&handle, PollFlags::IN)], None).unwrap()).await.unwrap();
}
