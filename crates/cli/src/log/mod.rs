//! Logs: of commands that change an environment, and of the processes of a host.

mod run;

use std::path::Path;

use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

pub use run::{begin, current};

/// How many days back a daemon's log is kept.
const DAYS: usize = 14;

/// What is worth keeping: our own words, and troubles of the libraries.
fn worth_keeping() -> Targets {
    let ours = ["plimsoll", "plimsoll_build", "plimsoll_connect", "plimsoll_engine", "plimsoll_host", "plimsoll_ops", "plimsoll_proxy"];
    Targets::new().with_targets(ours.map(|name| (name, LevelFilter::DEBUG))).with_default(LevelFilter::WARN)
}

/// The proxy's: on standard error, where its keeper takes it down and adds the time.
pub fn to_keeper() {
    let layer = fmt::layer().with_ansi(false).without_time().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(layer.with_filter(LevelFilter::INFO)).init();
}

/// The daemon's: a file for each day in `folder`. A daemon that cannot write there serves all the same.
pub fn to_files(folder: &Path) {
    let files = RollingFileAppender::builder().rotation(Rotation::DAILY).filename_prefix("host").filename_suffix("log").max_log_files(DAYS);
    // It looks for older files there first, and complains on standard error when there is no such folder.
    let _ = std::fs::create_dir_all(folder);
    if let Ok(files) = files.build(folder) {
        let layer = fmt::layer().with_ansi(false).with_writer(std::sync::Mutex::new(files));
        tracing_subscriber::registry().with(layer.with_filter(worth_keeping())).init();
    }
}
