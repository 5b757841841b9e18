//! What was set up on a server and is so no more. Nothing is changed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::deed::Command;
use crate::machine::Machine;
use crate::measures::{RULES, SOCKET, WEB, judge, read_ports};
use crate::{Book, Facts, Judged, Verdict, Wishes};

/// Measures that are judged by what somebody wished for, which is not known any more.
const BY_WISHES: [&str; 2] = ["admin", "login"];

/// A measure that was taken and does not hold any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// Its name.
    pub measure: String,
    /// What is missing, or what stands against it.
    pub what: String,
    /// What to do, where taking the measure again does not do it.
    pub help: Option<String>,
}

/// The firewall that was set up on a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firewall {
    /// Whether it is in force.
    pub is_in_force: bool,
    /// The ports that it lets in.
    pub open: BTreeSet<u16>,
    /// Those of them that were asked for.
    pub more: BTreeSet<u16>,
}

/// Whether a server was set up. Every login can see that.
#[must_use]
pub fn is_provisioned(machine: &impl Machine) -> bool {
    machine.read(SOCKET.0).is_ok_and(|unit| unit.is_some())
}

/// The firewall that was set up; none where there is none of ours. Every login can see that.
pub fn firewall(machine: &mut impl Machine) -> Option<Firewall> {
    let rules = String::from_utf8_lossy(&machine.read(RULES).ok()??).into_owned();
    let open = read_ports(&rules);
    let is_in_force = machine.run(&Command::new("systemctl is-active --quiet plimsoll-firewall.service")).well;
    let more = open.iter().copied().filter(|port| !WEB.contains(port)).collect();
    Some(Firewall { is_in_force, open, more })
}

/// What does not hold any more of what was done. Only root can see that.
///
/// # Errors
/// A file cannot be read: in words.
pub fn drift(machine: &mut impl Machine) -> Result<Vec<Drift>, String> {
    let book = Book::read(machine)?;
    let ports = firewall(machine).map(|firewall| firewall.more).unwrap_or_default();
    let wishes = Wishes { login: "deploy".into(), admin: "admin".into(), ports, ..Wishes::default() };
    let facts = Facts::gather(machine, &wishes, None)?;
    let taken = |judged: &Judged| book.knows(&judged.measure) && !BY_WISHES.contains(&judged.measure.as_str());
    Ok(judge(&facts, &wishes).into_iter().filter(taken).filter_map(missing).collect())
}

fn missing(Judged { measure, verdict, .. }: Judged) -> Option<Drift> {
    match verdict {
        Verdict::Do { what, .. } => Some(Drift { measure, what, help: None }),
        Verdict::Barred { why, help } => Some(Drift { measure, what: why, help: Some(help) }),
        Verdict::Fine | Verdict::Spared { .. } => None,
    }
}
