//! The proxy as its clients, its slots and its daemon see it: real sockets, on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "tests lay files out and start programs")]

mod control;
mod damage;
mod forwarding;
mod handover;
mod hostile;
mod restart;
mod site;
mod status;
mod support;
mod switching;
mod tls;
