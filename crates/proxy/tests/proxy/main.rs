//! The proxy as its clients, its slots and its daemon see it: real sockets, on loopback.

mod control;
mod forwarding;
mod restart;
mod site;
mod status;
mod support;
mod switching;
