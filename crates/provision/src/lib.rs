//! What a bare server needs to be a host, and how it gets it.
//!
//! Facts are gathered ([`Facts`]), each measure judges them ([`measures`]) and says which deeds are missing, and the deeds are done
//! ([`carry_out`]), each one recorded before with what undoes it. All of it runs on the server itself, as root; how the program gets there,
//! and whether somebody agrees, is left to `ops`.

mod book;
mod carry_out;
mod deed;
mod drift;
mod facts;
mod machine;
pub mod measures;
mod visit;
mod wishes;

pub use book::{Book, HowFar};
pub use carry_out::{Told, carry_out, undo};
pub use deed::{Command, Deed, Owner};
pub use drift::{Drift, Firewall, drift, firewall, is_provisioned};
pub use facts::{Facts, Person};
pub use machine::{Machine, Ran, ThisMachine};
pub use measures::{Judged, Stage, Verdict, judge};
pub use visit::{Line, Seen, Visit, visit};
pub use wishes::{Wishes, WishesError};

/// The program of a provisioned host.
pub const PROGRAM: &str = "/usr/local/bin/plimsoll";
