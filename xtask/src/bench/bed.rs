//! What a benchmark runs on: the release build or the binary that is named, a home of its own, a project, and a clock.

use std::fs;
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use super::process;
use crate::command::{cargo, root, run, target};

/// The built binaries.
pub struct Bed {
    /// `plimsoll`.
    pub plimsoll: PathBuf,
    /// The probe.
    pub probe: PathBuf,
}

/// A project in a folder of its own, deployed by a `plimsoll` with a home of its own. All that runs there is
/// stopped when it is dropped.
pub struct Ground<'a> {
    bed: &'a Bed,
    home: TempDir,
    project: TempDir,
    /// The port of its route.
    pub port: u16,
}

impl Bed {
    /// Builds what is measured and what measures, as it is released; where `PLIMSOLL_BIN` names a binary, that is measured, by
    /// the probe beside it.
    ///
    /// # Errors
    /// When something does not build.
    pub fn build() -> Result<Self, String> {
        if let Some(plimsoll) = std::env::var_os("PLIMSOLL_BIN").map(PathBuf::from) {
            return Ok(Self { probe: plimsoll.with_file_name("probe"), plimsoll });
        }
        run(cargo("build --release --locked --package plimsoll-cli"))?;
        run(cargo("build --release --locked --package plimsoll-testkit --bin probe"))?;
        let release = target().join("release");
        Ok(Self { plimsoll: release.join("plimsoll"), probe: release.join("probe") })
    }

    /// Builds the API of the example shop.
    ///
    /// # Errors
    /// When it does not build.
    pub fn shop_backend(&self) -> Result<PathBuf, String> {
        let mut shop = cargo("build --release --locked --target-dir target");
        shop.current_dir(root().join("examples/shop/backend"));
        run(shop)?;
        Ok(root().join("examples/shop/backend/target/release/backend"))
    }

    /// Builds the program that the projects of the tests deploy.
    ///
    /// # Errors
    /// When it does not build.
    pub fn test_service(&self) -> Result<PathBuf, String> {
        run(cargo("build --release --locked --package plimsoll-tests --bin plimsoll-test-service"))?;
        Ok(target().join("release/plimsoll-test-service"))
    }

    /// A copy of the example shop, on ports of its own.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn shop(&self) -> Result<Ground<'_>, String> {
        let ground = Ground { bed: self, home: folder()?, project: folder()?, port: free_port() };
        copy(&root().join("examples/shop"), ground.project.path()).map_err(|error| format!("cannot copy the shop: {error}"))?;
        for (usual, own) in [(4000, ground.port), (4001, free_port()), (4003, free_port())] {
            ground.replace("plimsoll.toml", &format!("port = {usual}"), &format!("port = {own}"))?;
        }
        Ok(ground)
    }

    /// A project `bench` with one component `api` that runs `command`; `fill` puts files into the component's folder.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn ground(&self, command: &str, fill: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<Ground<'_>, String> {
        let ground = Ground { bed: self, home: folder()?, project: folder()?, port: free_port() };
        let component = ground.component();
        let manifest = format!(
            "name = \"bench\"\n\n[components.api]\npath = \"api\"\nrun = \"{command}\"\nhealth = \"/health\"\nroute = {{ port = {} }}\n",
            ground.port
        );
        let write = || {
            fs::create_dir(&component)?;
            fill(&component)?;
            fs::write(ground.project.path().join("plimsoll.toml"), manifest)
        };
        write().map_err(|error| format!("cannot make the project in {}: {error}", ground.project.path().display()))?;
        Ok(ground)
    }
}

impl Ground<'_> {
    /// The folder of its component.
    pub fn component(&self) -> PathBuf {
        self.project.path().join("api")
    }

    /// Adds to a file of the project, which is made where there is none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, file: &str, text: &str) -> Result<(), String> {
        let path = self.project.path().join(file);
        let write = || {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::OpenOptions::new().create(true).append(true).open(&path)?.write_all(text.as_bytes())
        };
        write().map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// Replaces a text in a file of the project.
    ///
    /// # Errors
    /// When it is not there.
    pub fn replace(&self, file: &str, from: &str, to: &str) -> Result<(), String> {
        let path = self.project.path().join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if !text.contains(from) {
            return Err(format!("{from:?} is not in {file}"));
        }
        fs::write(&path, text.replace(from, to)).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Runs `plimsoll` with these arguments separated by spaces; gives its JSON document.
    ///
    /// # Errors
    /// When it does not end with success.
    pub fn plimsoll(&self, args: &str) -> Result<Value, String> {
        let mut command = self.command(&format!("{args} --json"));
        let output = command.stderr(Stdio::null()).output().map_err(|error| format!("cannot run plimsoll: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            return Err(format!("plimsoll {args} ended with {}: {text}", output.status));
        }
        serde_json::from_str(&text).map_err(|error| format!("plimsoll {args} printed no JSON: {error}"))
    }

    /// The same, timed: seconds.
    ///
    /// # Errors
    /// As [`Self::plimsoll`].
    pub fn timed(&self, args: &str) -> Result<f64, String> {
        timed(|| self.plimsoll(args).map(drop))
    }

    /// Pids of the processes of `plimsoll` that serve this home.
    pub fn serving(&self) -> Vec<u32> {
        process::running(&self.bed.plimsoll, self.home.path())
    }

    /// A URL of the route.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// `plimsoll` with these arguments separated by spaces, for this project and home.
    pub fn command(&self, args: &str) -> Command {
        let mut command = Command::new(&self.bed.plimsoll);
        command.arg("-C").arg(self.project.path()).args(args.split_whitespace()).env("PLIMSOLL_HOME", self.home.path());
        command
    }
}

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        let _ = self.command("host stop").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Copies a folder, without what builds left in it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true if entry.file_name() == "target" => {}
            true => copy(&entry.path(), &target)?,
            false => fs::copy(entry.path(), &target).map(drop)?,
        }
    }
    Ok(())
}

/// How long `work` takes, in seconds.
///
/// # Errors
/// What `work` gives.
pub fn timed(work: impl FnOnce() -> Result<(), String>) -> Result<f64, String> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed().as_secs_f64())
}

/// The median of `count` measurements.
///
/// # Errors
/// The first one that `measure` gives.
pub fn median(count: usize, mut measure: impl FnMut() -> Result<f64, String>) -> Result<f64, String> {
    (0..count).map(|_| measure()).collect::<Result<Vec<f64>, String>>().map(middle)
}

/// The median of these.
pub fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// An empty folder with a short name, as paths of sockets have little room.
///
/// # Errors
/// When the temporary folder cannot be written.
pub fn folder() -> Result<TempDir, String> {
    tempfile::Builder::new().prefix("pl-").tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))
}

/// A port that nothing listens on now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    listener.local_addr().expect("a listener has an address").port()
}

/// Writes `count` files of 100 kB that do not compress into `folder`; another `seed` gives other contents.
///
/// # Errors
/// When they cannot be written.
pub fn write_data(folder: &Path, count: usize, seed: u64) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut state = seed;
    for number in 0..count {
        let bytes: Vec<u8> = (0..12_500).flat_map(|_| next(&mut state).to_le_bytes()).collect();
        fs::write(folder.join(format!("{number:03}.bin")), bytes)?;
    }
    Ok(())
}

/// The next number of a splitmix64 sequence.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
