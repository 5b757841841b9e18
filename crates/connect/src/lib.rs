//! HostApi over a Unix socket.
