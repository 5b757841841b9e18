//! What to do about failures that say nothing of it themselves: each of them has a next step all the same.

/// Codes and what to do about them, in the order of the codes.
const ADVICE: &[(&str, &str)] = &[
    ("answer-unwritable", "this is a mistake in Plimsoll: please report it, with the log of the daemon"),
    ("approval-missing", "say yes beforehand with --yes, or answer the question at a terminal"),
    ("arguments-unfit", "the input schema of the tool tells what it takes"),
    ("audit-unreadable", "name a file that `plimsoll audit export` has written, and see that you may read it"),
    ("backup-file", "see that the disk of the host has space, and that the daemon may write there"),
    ("bug", "this is a mistake in Plimsoll: please report it, with the log; the same call once more may do"),
    ("cannot-listen", "give another address, or port 0 for one that is free"),
    ("certificates-unfit", "do what the help of each finding says, then look again: plimsoll certs check ENVIRONMENT"),
    ("compression", "see that this machine has memory left, then deploy again"),
    ("copy-missing", "see which copies there are: plimsoll backup copies ENVIRONMENT"),
    ("copy-unreachable", "see that the store or machine runs and can be reached from the host, then try again"),
    ("database-client", "see that the database runs and that the host has memory left, then try again"),
    ("database-folder", "see that the user of the component may write there, and that the disk has space"),
    ("database-occupied", "restore into an empty database, or restore its data alone: plimsoll backup restore ENVIRONMENT BACKUP"),
    ("disk-filling", "make room: `du -xh --max-depth=3 / | sort -h | tail` tells what takes it; or keep fewer releases and backups"),
    ("environment-not-allowed", "ask a person to do it, or to allow it where the server was started or the token made"),
    ("file-unnamed", "name a file whose path is UTF-8"),
    ("host-unusable", "do what the help of each finding says, then look again: plimsoll host doctor"),
    ("host-unwell", "do what the help of each finding says, then look again: plimsoll host doctor"),
    ("inodes-used-up", "delete small files that nobody needs: `du --inodes -xS / | sort -n | tail` tells where they are"),
    ("keeper", "see the daemon's log on that host, and whether its disk and memory are used up; then run the command again"),
    ("keys-changed", "look at ~/.ssh/authorized_keys there, then run the command again"),
    ("lease-held", "wait until it has ended; if who began it is gone, its host settles it when the lease ends: plimsoll status ENVIRONMENT"),
    ("ledger-damaged", "stop the daemon, keep a copy of the file, and put a backup of it in its place"),
    ("ledger-write", "see that the disk is well and has space, then try again"),
    ("log-gone", "newer deployments have logs: plimsoll history ENVIRONMENT"),
    ("made-to-fail", "nothing: only a simulation fails so, where it was asked to"),
    ("manifest-invalid", "correct each as its help says; `plimsoll check` judges it again"),
    ("measure-barred", "do what it says on the server, then run the command again"),
    ("migration-irreversible", "write `down` for the tool; or go forward, with a version that sets it right"),
    ("migration-unreadable", "see that you may read the file, and that it is UTF-8"),
    ("migrations-unjudged", "look at them yourself: what the version that still serves needs must stay"),
    ("migrations-unrepeatable", "see what the message says of the script; compare the schema by hand where it cannot be repeated"),
    ("no-approval-needed", "deploy: plimsoll deploy ENVIRONMENT"),
    ("no-client", "`plimsoll mcp` is started by a client of MCP: plimsoll mcp install CLIENT writes the entry for one"),
    ("no-editor", "set EDITOR, or give values on standard input: plimsoll secrets set ENVIRONMENT NAME"),
    ("no-home", "set HOME, or PLIMSOLL_HOME to the folder that is meant"),
    ("no-hosts", "name where it is deployed to: hosts = [\"deploy@HOST\"]"),
    ("no-permission", "see that the daemon may read and write there, and that the disk is not mounted read-only"),
    ("not-ended", "see what it is and whose: ps -o user,pid,args -p PID; then end it as that user"),
    ("not-found", "see what there is: plimsoll history ENVIRONMENT, plimsoll status ENVIRONMENT"),
    ("nothing-recognized", "write the manifest by hand: docs/manifest.md lists its keys"),
    ("out-of-order", "see how the deployment stands: plimsoll history ENVIRONMENT; then settle it: plimsoll resume ENVIRONMENT"),
    ("owners-unusable", "see that the disk of the host's folder is well, and that the daemon may write there"),
    ("plan-unknown", "see what waits: plimsoll approvals ENVIRONMENT; then have the plan shown once more, and approve that"),
    ("policy-unreadable", "see that the daemon may read the file"),
    ("proxy-down", "see what the proxy's log on that host says, then try again"),
    ("proxy-refused", "see what the proxy's log on that host says, then try again"),
    ("request-unfit", "use the same version of plimsoll on both sides: plimsoll host upgrade HOST"),
    ("rolled-back", "see why: plimsoll show ENVIRONMENT DEPLOYMENT"),
    ("scratch-forbidden", "give the login the right to create databases, or compare the schema by hand"),
    ("secret-bad-value", "give the value on standard input: it is read to its end"),
    ("secret-no-value", "give the value on standard input: it is read to its end"),
    ("secrets-no-recipients", "name at least your own key: recipients = [\"ssh-ed25519 …\"] in the environment"),
    ("secrets-store", "see that the disk of the host has space, and that the daemon may write there"),
    ("simulation-broken", "this is a mistake in Plimsoll: please report it, with the plan"),
    ("slot-leftover", "it goes with the next deployment; or now, on the host: systemctl stop UNIT"),
    ("slot-missing", "deploy again: the next deployment starts what is missing"),
    ("slot-unwritable", "see that the disk of the host has space, and that the daemon may write there"),
    ("socket", "see that its folder is there and may be written to, and that no other daemon serves there"),
    ("system", "see what the message names: limits of processes and open files, or a binary that was deleted"),
    ("undecided", "settle it: plimsoll resume ENVIRONMENT"),
    ("unit-failed", "see why: systemctl status UNIT; then systemctl reset-failed UNIT"),
    ("upload-damaged", "run the command again; if it happens once more, look at the network and the memory of both machines"),
    ("wishes-unfit", "use the same version of plimsoll on both sides: plimsoll host provision HOST"),
];

/// What to do about a failure of this code that says nothing of it itself.
pub(crate) fn about(code: &str) -> Option<&'static str> {
    let found = ADVICE.binary_search_by(|(known, _)| (*known).cmp(code)).ok()?;
    ADVICE.get(found).map(|(_, advice)| *advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_for_they_are_sorted() {
        assert!(ADVICE.is_sorted_by(|(one, _), (next, _)| one < next));
        assert!(about("lease-held").is_some() && about("no-such-code").is_none());
    }
}
