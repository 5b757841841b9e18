//! What this build of the shop calls itself. Change it, deploy, and watch `/version` change.

/// Shown by `/version` and on the two sites.
pub const VERSION: &str = "1";
