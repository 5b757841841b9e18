//! Requests to a service while something happens to it.

use std::time::Duration;

use plimsoll_testkit::probe::{Body, Probe, Report, Target};

use crate::project::Project;

/// Requests in a second, over all kinds.
const RATE: u32 = 200;

/// Requests of every kind, without a pause, until they are stopped.
pub struct Traffic {
    probe: Probe,
}

impl Traffic {
    /// GET and POST, over kept-alive and fresh connections, to fast and slow handlers, and slow uploads. Some have been
    /// answered when it returns.
    pub fn to(project: &Project, component: &str) -> Self {
        let url = |path| project.url(component, path);
        let pieces = ["slow", "upload"].map(|piece| piece.as_bytes().to_vec().into()).to_vec();
        let upload = Body::Chunks { pieces, pause: Duration::from_millis(50) };
        let post = |name: &str| Target::post(name, &url("/echo"), Body::Whole("hello".into())).contains("got hello");
        let traffic = Self::at(vec![
            Target::get("get", &url("/")).contains("version"),
            Target::get("get, fresh", &url("/")).contains("version").fresh(),
            post("post"),
            post("post, fresh").fresh(),
            Target::get("slow", &url("/slow")).contains("version"),
            Target::get("slow, fresh", &url("/slow")).contains("version").fresh(),
            Target::post("upload", &url("/echo"), upload).contains("got slowupload"),
        ]);
        traffic.flows();
        traffic
    }

    /// Requests to these targets.
    pub fn at(targets: Vec<Target>) -> Self {
        Self { probe: Probe::start(targets, RATE) }
    }

    /// Waits until more of every kind have been answered.
    pub fn flows(&self) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("the system has descriptors left");
        runtime.block_on(self.probe.ended_more(50));
    }

    /// Stops, when more have been answered: every single one must have been answered right.
    pub fn assert_unharmed(self) -> Report {
        self.flows();
        let report = self.probe.stop_blocking();
        report.assert_clean();
        report
    }
}
