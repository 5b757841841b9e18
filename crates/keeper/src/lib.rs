//! The small process that keeps one slot alive and outlives the daemon.
