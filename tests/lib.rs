//! What the end-to-end tests share: a project in a temporary folder, the binary, the probe.
