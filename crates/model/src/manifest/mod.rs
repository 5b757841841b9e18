//! From text to [`project::Project`]: reading, judging, describing the manifest.

pub mod project;
