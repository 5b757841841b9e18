//! TLS towards clients: certificates from their files ([`certificate`]), which of them a client is shown ([`choice`]), the first bytes of
//! a connection ([`meet`]), and what becomes of requests that came without TLS ([`plain`]).
//!
//! What is decided per table is made with the table; a connection takes what is in force when it begins. So a new certificate is a new
//! table, and no connection notices. A port may have routes with TLS and without: a switch from one to the other passes through that.

pub(crate) mod certificate;
mod choice;
mod meet;
pub(crate) mod plain;

pub(crate) use choice::{Choice, Tickets};
pub(crate) use meet::{Met, meet};
