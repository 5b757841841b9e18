//! The image of the hosts: Debian with what servers have, made by debootstrap as no registry is needed for that.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::folder;
use crate::Outcome;
use crate::command::{command, need, output, run};

/// The release of Debian: the oldest one that is supported.
const SUITE: &str = "bookworm";
const PACKAGES: &str =
    "systemd,systemd-sysv,dbus,openssh-server,nginx-light,git,sudo,docker.io,iptables,nftables,iproute2,ca-certificates,curl,procps,zstd";
/// What is done in it once: no service that has nothing to do in a container, host keys for each host of its own, a system that says `running`.
const SETUP: &str = "\
set -e
systemctl mask getty.target console-getty.service systemd-logind.service systemd-udevd.service systemd-modules-load.service \
  systemd-sysctl.service systemd-remount-fs.service sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount
systemctl disable nginx.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer
systemctl enable ssh.service docker.service
rm -f /etc/ssh/ssh_host_* /usr/sbin/policy-rc.d
printf '[Unit]\\nBefore=ssh.service\\n[Service]\\nType=oneshot\\nExecStart=/usr/bin/ssh-keygen -A\\n[Install]\\nWantedBy=ssh.service\\n' \
  > /etc/systemd/system/host-keys.service
systemctl enable host-keys.service
: > /etc/machine-id
: > /etc/fstab
apt-get clean
rm -rf /var/lib/apt/lists/*
";

/// Makes the image unless it is there; answers its name. Another recipe is another image.
///
/// # Errors
/// When it cannot be made.
pub fn ensure() -> Result<String, String> {
    let recipe = blake3::hash([SUITE, PACKAGES, SETUP].concat().as_bytes()).to_hex();
    let name = format!("plimsoll-host:{}", &recipe[..12]);
    if is_known(&name) {
        return Ok(name);
    }
    need(&["debootstrap"], "debootstrap")?;
    let root = folder().join("root");
    let made = make(&root, &name);
    let cleared = if root.exists() { fs::remove_dir_all(&root).map_err(|error| format!("{}: {error}", root.display())) } else { Ok(()) };
    made.and(cleared).map(|()| name)
}

/// The same image with more packages of Debian, separated by spaces.
///
/// # Errors
/// When it cannot be made.
pub fn with(packages: &str) -> Result<String, String> {
    let base = ensure()?;
    if packages.is_empty() {
        return Ok(base);
    }
    let name = format!("{base}-{}", packages.replace(' ', "-"));
    if is_known(&name) {
        return Ok(name);
    }
    eprintln!("making the image {name}; it is kept");
    let install = format!("apt-get update -qq && apt-get install -qq --yes --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*");
    let mut build = command("docker", "build --quiet --tag");
    let mut build =
        build.args([&name, "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(|error| format!("cannot run docker: {error}"))?;
    let told = write!(build.stdin.take().expect("it is piped"), "FROM {base}\nRUN {install}\n");
    let done = build.wait().map_err(|error| format!("docker: {error}"))?;
    if told.is_ok() && done.success() { Ok(name) } else { Err(format!("the image {name} cannot be made: docker ended with {done}")) }
}

fn is_known(name: &str) -> bool {
    let mut known = command("docker", "image inspect");
    known.arg(name).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn make(root: &Path, name: &str) -> Outcome {
    eprintln!("making the image {name}; it is kept");
    let mut strap = command("debootstrap", &format!("--variant=minbase --include={PACKAGES} {SUITE}"));
    strap.arg(root).stdout(Stdio::null());
    run(strap)?;
    let mut setup = command("chroot", "");
    setup.arg(root).args(["sh", "-c", SETUP]).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdout(Stdio::null());
    run(setup)?;
    let mut pack = command("tar", "--create --one-file-system --exclude=./dev/* --exclude=./proc/* --exclude=./sys/* --directory");
    let mut pack = pack.arg(root).arg(".").stdout(Stdio::piped()).spawn().map_err(|error| format!("cannot run tar: {error}"))?;
    let mut import = command("docker", "import --change");
    import.args([r#"CMD ["/sbin/init"]"#, "-", name]).stdin(pack.stdout.take().expect("it is piped"));
    let imported = output(import).map(drop);
    let packed = pack.wait().map_err(|error| format!("tar: {error}"))?;
    imported.and_then(|()| if packed.success() { Ok(()) } else { Err(format!("tar ended with {packed}")) })
}
