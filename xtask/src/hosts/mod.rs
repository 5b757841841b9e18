//! `cargo xtask hosts`: machines to deploy to. Each is a container that is a whole Debian, with systemd as its first process, reached by SSH on
//! a loopback address of its own.
//!
//! What belongs to them lies in `target/hosts`: the key, what SSH has to know (`ssh_config`), the log of an engine that was started here.

mod engine;
mod image;
mod machine;
mod network;

use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use crate::Outcome;
use crate::command::{command, need, run, target};
pub use machine::Machine;

/// More of them than anyone needs, and few enough for the addresses 127.0.1.N.
const MOST: u8 = 40;

/// Starts the hosts `h1` to `hN`, those that are not there yet.
///
/// # Errors
/// When the engine, the image, or one of the hosts does not come up.
pub fn up(count: &str) -> Outcome {
    let count = count.parse().ok().filter(|count| (1..=MOST).contains(count)).ok_or(format!("from 1 to {MOST} hosts can be started, not {count}"))?;
    start(1..=count, "")?;
    println!("{count} hosts are running: ssh -F {} h1", ssh_config().display());
    Ok(())
}

/// Starts the hosts with these numbers, those that are not there yet, and leaves all others as they are. `packages`, separated by spaces, are
/// Debian's that these have beside the usual ones.
///
/// # Errors
/// When the engine, the image, or one of the hosts does not come up.
pub fn start(numbers: RangeInclusive<u8>, packages: &str) -> Result<Vec<Machine>, String> {
    need(&["ssh", "ssh-keygen"], "openssh-client")?;
    engine::ensure()?;
    let image = image::with(packages)?;
    let key = key()?;
    let machines: Vec<Machine> = numbers.map(Machine).collect();
    for machine in &machines {
        machine.start(&image, &key)?;
    }
    for machine in &machines {
        machine.await_running()?;
        machine.let_in(&key)?;
    }
    configure(&Machine::running()?)?;
    Ok(machines)
}

/// What `ssh -F` reads to know the hosts.
pub fn ssh_config() -> PathBuf {
    folder().join("ssh_config")
}

/// Ends all hosts, and an engine that was started for them.
///
/// # Errors
/// When one cannot be removed.
pub fn down() -> Outcome {
    if engine::answers() {
        Machine::remove_all()?;
    }
    engine::end()?;
    match fs::remove_dir_all(folder()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", folder().display())),
        _ => Ok(()),
    }
}

/// Cuts a host off from everybody, slows it down, or heals it: `cut`, `slow KBIT`, `heal`.
///
/// # Errors
/// When there is no such host.
pub fn disturb(host: &str, how: &[&str]) -> Outcome {
    let machine: Machine = host.parse()?;
    match how {
        ["cut"] => network::cut(&machine),
        ["slow", kbit] => network::slow(&machine, kbit.parse().map_err(|_| format!("{kbit} is no number of kilobits per second"))?),
        ["heal"] => network::heal(&machine),
        other => Err(format!("a host can be disturbed by `cut`, `slow KBIT` and `heal`, not by `{}`", other.join(" "))),
    }
}

fn folder() -> PathBuf {
    target().join("hosts")
}

/// The public half of the key that opens all hosts; made when it is first needed.
fn key() -> Result<String, String> {
    let path = folder().join("key");
    fs::create_dir_all(folder()).map_err(|error| format!("{}: {error}", folder().display()))?;
    if !path.exists() {
        let mut make = command("ssh-keygen", "-q -t ed25519 -C plimsoll-test -f");
        make.arg(&path).args(["-N", ""]);
        run(make)?;
    }
    let public = path.with_extension("pub");
    fs::read_to_string(&public).map_err(|error| format!("{}: {error}", public.display()))
}

/// Writes what `ssh -F` needs to find the hosts, and knows them by their keys.
fn configure(machines: &[Machine]) -> Outcome {
    let mut config = String::new();
    let mut known = String::new();
    for machine in machines {
        config += &format!("Host {machine}\n  HostName {}\n", machine.address());
        known += &format!("{} {}", machine.address(), machine.host_key()?);
    }
    let folder = folder().display().to_string();
    config += &format!("Host h*\n  User root\n  IdentityFile {folder}/key\n  IdentitiesOnly yes\n  UserKnownHostsFile {folder}/known_hosts\n");
    for (name, text) in [("ssh_config", config), ("known_hosts", known)] {
        let path = self::folder().join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
