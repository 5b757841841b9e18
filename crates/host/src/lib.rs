//! HostApi for this machine: ledger, releases, slots, routes, and the daemon that serves them.
