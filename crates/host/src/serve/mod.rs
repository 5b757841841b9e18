//! The daemon: HostApi over HTTP on a Unix socket.
