//! Bringing Plimsoll to a host: finding out whether it suits, and putting the running program there.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use plimsoll_api::HostError;
use plimsoll_model::HostName;
use plimsoll_model::deployment::Failure;
use sha2::{Digest, Sha256};

use crate::Ssh;
use crate::ssh::Road;

mod needs;
pub(crate) mod script;

pub use script::Ground;
use script::Lent;

/// How many times its own size the program needs on the host's disk: itself, the one before, and room to work.
const ROOM: u64 = 3;

/// The program to be brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// What it is.
    pub sha256: String,
    /// How long it is, in bytes.
    pub size: u64,
    /// When it was changed: seconds and nanoseconds. With its size this tells builds apart.
    changed: (i64, i64),
    /// The oldest C library that it runs with; none when it brings its own.
    libc: Option<(u32, u32)>,
}

impl Package {
    /// The one of this file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(exe: &Path) -> io::Result<Self> {
        let mut file = File::open(exe)?;
        let about = file.metadata()?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        let sha256 = Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { sha256, size: about.len(), changed: (about.mtime(), about.mtime_nsec()), libc: needs::libc(&content) })
    }

    /// Judges whether it can be used on a host.
    ///
    /// # Errors
    /// `platform-unfit`, `libc-too-old` or `disk-full`, with what to do.
    pub fn judge(&self, host: &HostName, ground: &Ground) -> Result<(), HostError> {
        let barred = |code: &str, why: String, help: &str| {
            Err(HostError::Barred { host: host.clone(), failure: Failure::new(code, why).with_help(help.to_owned()) })
        };
        let here = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
        if ground.platform != here {
            let why = format!("it is {}, and this plimsoll is made for {here}", ground.platform);
            return barred("platform-unfit", why, "install the build of plimsoll for that machine there, as ~/.local/bin/plimsoll");
        }
        if let Some(needed) = self.libc
            && ground.libc.is_none_or(|found| found < needed)
        {
            let version = |(major, minor): (u32, u32)| format!("{major}.{minor}");
            let found = ground.libc.map_or_else(|| "another C library".to_owned(), |found| format!("glibc {}", version(found)));
            let why = format!("it has {found}, and this plimsoll needs glibc {}", version(needed));
            return barred("libc-too-old", why, "use a build of plimsoll made on a system as old as the host's, or upgrade the host");
        }
        let needed = self.size * ROOM;
        if ground.free_bytes < needed {
            let why = format!("{} MB are free in its home folder, and {} MB are needed", ground.free_bytes >> 20, needed >> 20);
            return barred("disk-full", why, "make room on it, then try again");
        }
        Ok(())
    }
}

impl Ssh {
    /// Finds out what a host is, and which Plimsoll it has.
    ///
    /// # Errors
    /// There is no way to it.
    pub async fn survey(&self, host: &HostName) -> Result<Ground, HostError> {
        let told = Road::new(self.clone(), host.clone()).run(&script::survey()).await.map_err(|fault| fault.on(host))?;
        let unfit = || {
            let failure = Failure::new("host-unfit", "it does not tell what it is; its login has no ordinary shell");
            HostError::Barred { host: host.clone(), failure: failure.with_help("use a login with a shell such as /bin/sh") }
        };
        Ground::read(&told).ok_or_else(unfit)
    }

    /// Puts the program `exe` on the host: whole, verified and tried there, in one step. The one before is kept beside it.
    ///
    /// # Errors
    /// There is no way to it, its disk is full, or the program does not run there. Then all is as it was.
    pub async fn install(&self, host: &HostName, exe: &Path, package: &Package) -> Result<(), HostError> {
        let road = Road::new(self.clone(), host.clone());
        let command = script::install(&package.sha256, package.changed);
        road.bring(&command, exe).await.map_err(|fault| fault.on(host))
    }
}

impl Ssh {
    /// Brings the program `exe` to a host for a visit, unless it is there, and gives the command that starts it as root.
    ///
    /// # Errors
    /// There is no way to it, its disk is full, or the program does not run there.
    pub async fn lend(&self, host: &HostName, exe: &Path, package: &Package) -> Result<String, HostError> {
        let road = Road::new(self.clone(), host.clone());
        let find = async || road.run(&script::find_lent(&package.sha256)).await.map(|told| Lent::read(&told)).map_err(|fault| fault.on(host));
        let mut lent = find().await?;
        if lent.program.is_none() {
            road.bring(&script::lend(&package.sha256, package.changed), exe).await.map_err(|fault| fault.on(host))?;
            lent = find().await?;
        }
        let damaged = || HostError::Barred { host: host.clone(), failure: Failure::new("upload-damaged", "what was brought is not there any more") };
        let program = lent.program.ok_or_else(damaged)?;
        Ok(if lent.is_root { program } else { format!("sudo -n {program}") })
    }

    /// Has the program of a host tell what it sees there: a line that is told `asked`. Root tells it where this login can become root.
    ///
    /// # Errors
    /// There is no way to it, or its program does not know how.
    pub async fn examine(&self, host: &HostName, asked: &[u8], line: impl FnMut(String)) -> Result<(), HostError> {
        self.talk(host, &script::examine(), asked, line).await
    }

    /// Takes away what was lent for a visit.
    ///
    /// # Errors
    /// There is no way to it.
    pub async fn take_back(&self, host: &HostName) -> Result<(), HostError> {
        Road::new(self.clone(), host.clone()).run(&script::take_back()).await.map(drop).map_err(|fault| fault.on(host))
    }

    /// Runs a command on a host, which is told `input`, and hands on each line that it writes as it comes.
    ///
    /// # Errors
    /// There is no way to it, or the command ends badly.
    pub async fn talk(&self, host: &HostName, command: &str, input: &[u8], line: impl FnMut(String)) -> Result<(), HostError> {
        Road::new(self.clone(), host.clone()).talk(command, input, line).await.map_err(|fault| fault.on(host))
    }

    /// Runs a command over a connection of its own: whether a login opens the host now, not whether it did when one was kept.
    ///
    /// # Errors
    /// It does not, or the command ends badly.
    pub async fn log_in(&self, host: &HostName, command: &str) -> Result<String, HostError> {
        Road::new(self.clone(), host.clone()).run_fresh(command).await.map_err(|fault| fault.on(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_against_a_host_is_told() {
        let host = HostName::new("deploy@a.example").unwrap();
        let here = format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH);
        let package = Package { sha256: String::new(), size: 10 << 20, changed: (0, 0), libc: Some((2, 34)) };
        let check = |platform: &str, libc, free_bytes, expect: Option<&str>| {
            let ground = Ground { platform: platform.into(), libc, free_bytes, version: None, sha256: None, is_provisioned: false };
            let code = package.judge(&host, &ground).err().map(|error| error.code().to_owned());
            assert_eq!(code.as_deref(), expect, "{ground:?}");
        };
        check(&here, Some((2, 36)), 1 << 30, None);
        check("linux-riscv64", Some((2, 36)), 1 << 30, Some("platform-unfit"));
        check(&here, Some((2, 31)), 1 << 30, Some("libc-too-old"));
        check(&here, None, 1 << 30, Some("libc-too-old"));
        check(&here, Some((2, 34)), 29 << 20, Some("disk-full"));
        let own = Package { libc: None, ..package.clone() };
        let musl = Ground { platform: here, libc: None, free_bytes: 1 << 30, version: None, sha256: None, is_provisioned: false };
        assert_eq!(own.judge(&host, &musl), Ok(()));
    }

    #[test]
    fn a_package_is_what_its_file_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        plimsoll_durable::replace(&path, b"abc").unwrap();
        let package = Package::of(&path).unwrap();
        assert_eq!(package.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((package.size, package.libc), (3, None));
        assert!(Package::of(&folder.path().join("none")).is_err());
    }
}
