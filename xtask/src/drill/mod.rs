//! `cargo xtask drill`: what a disaster would be, for practice. A server with a database is lost with all that is on it, and so is the machine of who
//! deploys to it; a new one is set up and begins with the copy of a backup that lies on another machine.
//!
//! All of it is real: servers from `cargo xtask hosts`, the guestbook of the examples, copies by SFTP, encrypted to an SSH key.

mod operator;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use operator::Operator;

use crate::Outcome;
use crate::command::{cargo, command, need, root, run, target};
use crate::hosts::{self, Machine};

/// The server that is lost, and the machine where copies lie: beside those that the tests and the benchmarks use.
const SHOP: Machine = Machine(8);
const STORE: Machine = Machine(9);
/// What the guestbook needs on its server.
const PACKAGES: &str = "python3";
/// The port of its route, which the firewall lets in.
const PORT: u16 = 8000;
/// The login that keeps copies, and may do nothing else.
const KEEPER: &str = "keeper";
/// How many entries there are when the last backup is taken, and how many come after it.
const ENTRIES: usize = 500;
const LATE: usize = 5;

/// Loses everything, and says how long it took until everything was there again.
///
/// # Errors
/// When it is not.
pub fn run_all() -> Outcome {
    need(&["git"], "git ca-certificates")?;
    need(&["strip"], "binutils")?;
    run(cargo("build --locked --package plimsoll-cli"))?;
    let folder = tempfile::tempdir().map_err(told)?;
    let plimsoll = folder.path().join("plimsoll");
    run(with(command("strip", "-o"), [&plimsoll, &target().join("debug/plimsoll")]))?;
    let ended = drill(folder.path(), &plimsoll);
    for machine in [SHOP, STORE] {
        // Whoever drills has more to hear than that this failed.
        let _ = machine.remove();
    }
    ended
}

fn drill(folder: &Path, plimsoll: &Path) -> Outcome {
    for machine in Machine::running()?.into_iter().filter(|machine| [SHOP, STORE].contains(machine)) {
        machine.remove()?;
    }
    hosts::start(SHOP.0..=STORE.0, PACKAGES)?;
    let ada = Operator::new(plimsoll, &folder.join("ada"))?;
    let project = lay_out(folder, &ada)?;
    eprintln!("setting {SHOP} up, and deploying the guestbook to it");
    provision(&ada)?;
    ada.plimsoll(&project, "deploy production --yes")?;
    (0..ENTRIES).try_for_each(|number| operator::sign(&SHOP.address(), PORT, &format!("entry {number}")))?;
    let kept = operator::entries(&SHOP.address(), PORT)?;
    let taken = ada.plimsoll(&project, "backup create production")?;
    let id = taken["details"]["backups"][0]["id"].as_str().ok_or("no backup was taken")?.to_owned();
    (0..LATE).try_for_each(|number| operator::sign(&SHOP.address(), PORT, &format!("too late {number}")))?;

    eprintln!("losing {SHOP}, and the machine of the operator");
    SHOP.remove()?;
    hosts::start(SHOP.0..=SHOP.0, PACKAGES)?;
    let began = Instant::now();
    let lee = Operator::with_keys_of(plimsoll, &folder.join("lee"), &ada)?;
    let project = lee.clone_of(&project)?;
    provision(&lee)?;
    let provisioned = began.elapsed();
    lee.plimsoll(&project, &format!("snapshot restore production {id} --yes"))?;
    let found = operator::entries(&SHOP.address(), PORT)?;
    let all = began.elapsed();
    if found != kept {
        return Err(format!("{} entries came back, and there were {}", found.len(), kept.len()));
    }
    println!(
        "{} entries are back, all of the backup: {:.1} s to set the server up, {:.1} s to restore the snapshot, {:.1} s in all",
        found.len(),
        provisioned.as_secs_f64(),
        (all - provisioned).as_secs_f64(),
        all.as_secs_f64()
    );
    Ok(())
}

fn provision(operator: &Operator) -> Outcome {
    let words = format!("host provision root@{SHOP} --yes --without=updates --port={PORT}");
    operator.plimsoll(&root(), &words).map(drop)
}

/// The project, committed, with copies on the other machine.
fn lay_out(folder: &Path, operator: &Operator) -> Result<PathBuf, String> {
    let project = folder.join("guestbook");
    run(with(command("cp", "-r"), [&root().join("examples/guestbook"), &project]))?;
    let (key, reader) = (operator.key("copies")?, operator.key("reader")?);
    let login = format!(
        "useradd --create-home {KEEPER} && mkdir -p /home/{KEEPER}/.ssh && \
         echo 'restrict,command=\"internal-sftp\" {}' > /home/{KEEPER}/.ssh/authorized_keys && chown -R {KEEPER}: /home/{KEEPER}",
        key.public
    );
    run(with(STORE.command("sh -ec"), [login]))?;
    let address = STORE.inner_address()?;
    let host_key: Vec<String> = STORE.host_key()?.split_whitespace().take(2).map(str::to_owned).collect();
    let manifest = fs::read_to_string(project.join("plimsoll.toml")).map_err(told)?.replace("port = 4100", &format!("port = {PORT}"));
    let copies = format!(
        "\n[environments.production]\nhosts = [\"deploy@{SHOP}\"]\n\n[environments.production.backups.copy]\n\
         to = \"sftp://{KEEPER}@{address}/home/{KEEPER}/copies\"\nssh_key = {{ secret = \"COPIES_KEY\" }}\nhost_key = \"{}\"\n\n\
         [secrets]\nrecipients = [\"{}\"]\ncommands = {{ COPIES_KEY = \"cat {}\" }}\n",
        host_key.join(" "),
        reader.public,
        key.path.display()
    );
    fs::write(project.join("plimsoll.toml"), manifest + &copies).map_err(told)?;
    operator::commit(&project)?;
    Ok(project)
}

fn with<Argument: AsRef<OsStr>>(mut command: Command, arguments: impl IntoIterator<Item = Argument>) -> Command {
    command.args(arguments);
    command
}

fn told(error: std::io::Error) -> String {
    error.to_string()
}
