//! Programs that are built for the matrix: Plimsoll with crash points, and the versions of the shop.

use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_testkit::fixtures::Shop;
use rustix::fs::statvfs;
use tempfile::TempDir;

/// What the shop is called in its versions. One more than a host keeps releases of, so that the one which is deployed next has
/// to be staged, and another one is pruned.
pub const VERSIONS: [&str; 4] = ["a", "b", "c", "d"];

/// Room for the homes of a walk, in bytes.
const ROOM: u64 = 4 << 30;

/// Puts all that is temporary into memory, where there is room: homes do not wait for a disk then, and no kill takes anything
/// from a disk that the system has been given.
pub fn live_in_memory() {
    let memory = Path::new("/dev/shm");
    let free = statvfs(memory).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    if free > ROOM {
        // Another test of this process has done so before.
        let _ = tempfile::env::override_temp_dir(memory);
    }
}

/// The binary that has crash points, up to date.
///
/// # Panics
/// When it does not build.
pub fn with_crash_points() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--package", "plimsoll-cli", "--features", "crash-points", "--bin", "plimsoll-crash-points"]);
    let folder = beside_tests();
    let profile = folder.file_name().and_then(|name| name.to_str()).expect("the folder of a profile has a name");
    build
        .args(["--profile", if profile == "debug" { "dev" } else { profile }, "--target-dir"])
        .arg(folder.parent().expect("it lies in the target folder"));
    run(build.current_dir(env!("CARGO_MANIFEST_DIR")));
    folder.join("plimsoll-crash-points")
}

/// The same in a folder of its own, whose processes come to a gate of their own.
pub fn apart() -> (TempDir, PathBuf) {
    let folder = tempfile::Builder::new().prefix("plx-").tempdir().expect("the temporary folder takes a folder");
    let binary = folder.path().join("plimsoll");
    let built = with_crash_points();
    std::fs::hard_link(&built, &binary).or_else(|_| std::fs::copy(&built, &binary).map(drop)).expect("the binary can be linked or copied");
    (folder, binary)
}

/// The binary that people run.
pub fn ordinary() -> PathBuf {
    std::env::var_os("PLIMSOLL_BIN").map_or_else(|| beside_tests().join("plimsoll"), PathBuf::from)
}

/// The program of each version of the shop, which is called like the version.
///
/// # Panics
/// When it does not build.
pub fn versions() -> TempDir {
    let folder = tempfile::Builder::new().prefix("shop-programs-").tempdir().expect("the temporary folder takes a folder");
    let shop = Shop::new();
    for version in VERSIONS {
        shop.set_version(version);
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(shop.folder().join("backend/Cargo.toml"));
        run(build.arg("--target-dir").arg(folder.path().join("target")));
        std::fs::rename(folder.path().join("target/debug/backend"), folder.path().join(version)).expect("it was just built");
    }
    folder
}

fn run(build: &mut Command) {
    let status = build.status().expect("cargo runs tests, so it can be run");
    assert!(status.success(), "{build:?}: {status}");
}

/// The folder of the profile that this test was built with: it lies in `deps` there.
fn beside_tests() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    test.parent().and_then(Path::parent).expect("a test lies in target/PROFILE/deps").to_owned()
}
