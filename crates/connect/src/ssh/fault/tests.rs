//! What OpenSSH really says, and what it means.

use super::*;

fn ended(status: i32, said: &str) -> Ended {
    Ended { status: Some(status), said: said.into() }
}

const CHANGED: &str = "\
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\r
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r
Offending ED25519 key in /home/me/.ssh/known_hosts:1\r
Host key for 127.0.1.1 has changed and you have requested strict checking.\r
Host key verification failed.\r
";

#[test]
fn each_text_has_its_code() {
    let table: &[(i32, &str, &str)] = &[
        (255, "ssh: Could not resolve hostname nosuch.invalid: Name or service not known", "ssh-name-unknown"),
        (255, "ssh: Could not resolve hostname a.example: Temporary failure in name resolution", "ssh-name-unknown"),
        (255, "ssh: connect to host 127.0.0.1 port 1: Connection refused", "ssh-refused"),
        (255, "ssh: connect to host 10.0.0.9 port 22: No route to host", "ssh-no-route"),
        (255, "ssh: connect to host 10.0.0.9 port 22: Network is unreachable", "ssh-no-route"),
        (255, "ssh: connect to host 10.0.0.9 port 22: Connection timed out", "ssh-timeout"),
        (255, "Connection timed out during banner exchange\nConnection to 10.255.255.1 port 22 timed out", "ssh-timeout"),
        (255, "Host key verification failed.", "ssh-host-key-unknown"),
        (
            255,
            "No ED25519 host key is known for a.example and you have requested strict checking.\nHost key verification failed.",
            "ssh-host-key-unknown",
        ),
        (255, CHANGED, "ssh-host-key-changed"),
        (255, "nobody@127.0.1.1: Permission denied (publickey,password).", "ssh-permission-denied"),
        (255, "Permission denied, please try again.\ndeploy@127.0.1.1: Permission denied (publickey,password).", "ssh-permission-denied"),
        (255, "Received disconnect from 127.0.1.1 port 22:2: Too many authentication failures\nDisconnected from 127.0.1.1", "ssh-permission-denied"),
        (255, "kex_exchange_identification: Connection closed by remote host\nConnection closed by 127.0.1.1 port 22", "ssh-disconnected"),
        (255, "kex_exchange_identification: read: Connection reset by peer\nConnection reset by 127.0.1.1 port 22", "ssh-disconnected"),
        (255, "Timeout, server 127.0.1.1 not responding.", "ssh-disconnected"),
        (255, "Connection to 127.0.1.1 closed by remote host.", "ssh-disconnected"),
        (255, "mux_client_request_session: read from master failed: Broken pipe", "ssh-disconnected"),
        (255, "Shared connection to 127.0.1.1 closed.", "ssh-disconnected"),
        // By a jump host: its own `ssh` tells why, ours only that it did not get through.
        (
            255,
            "ssh: connect to host 127.0.0.1 port 1: Connection refused\nkex_exchange_identification: Connection closed by remote host\n\
             Connection closed by UNKNOWN port 65535",
            "ssh-refused",
        ),
        (255, "/etc/ssh/x: line 1: Bad configuration option: foo\n/etc/ssh/x: terminating, 1 bad configuration options", "ssh-configuration"),
        (255, "Can't open user config file /nonexistent: No such file or directory", "ssh-configuration"),
        (255, "Bad owner or permissions on /home/me/.ssh/config", "ssh-configuration"),
        (255, "", "ssh-failed"),
        (255, "something new", "ssh-failed"),
        (127, "sh: 1: exec: plimsoll: not found", "plimsoll-missing"),
        (126, "sh: 1: exec: /home/deploy/.local/bin/plimsoll: Exec format error", "platform-unfit"),
        (126, "sh: 1: exec: plimsoll: Permission denied", "ssh-failed"),
        (1, "cat: write error: No space left on device", "disk-full"),
        // What a host says about itself is not taken for what `ssh` says.
        (1, "connection refused", "ssh-failed"),
        (0, "", "ssh-disconnected"),
        (1, "Welcome!\nplimsoll-failure: {\"code\":\"disk-full\",\"message\":\"no space\"}", "disk-full"),
        (1, "plimsoll-failure: nonsense", "ssh-failed"),
    ];
    for (status, said, code) in table {
        assert_eq!(Fault::judge(&ended(*status, said)).code(), *code, "{status} {said}");
    }
    assert_eq!(Fault::judge(&Ended { status: None, said: "killed".into() }).code(), "ssh-failed");
}

#[test]
fn every_fault_is_told_with_host_and_help() {
    let host = HostName::new("deploy@a.example").unwrap();
    let said = || "said".to_owned();
    let failure = Failure::new("daemon-silent", "the daemon does not answer");
    for fault in [
        Fault::NoSsh(said()),
        Fault::Configuration(said()),
        Fault::NameUnknown(said()),
        Fault::NoRoute(said()),
        Fault::Refused(said()),
        Fault::TimedOut(said()),
        Fault::HostKeyUnknown,
        Fault::HostKeyChanged(said()),
        Fault::Denied(said()),
        Fault::KeyLocked(said()),
        Fault::Disconnected(said()),
        Fault::NoPlimsoll,
        Fault::OtherMachine(said()),
        Fault::NoSpace(said()),
        Fault::There(failure.with_help("look")),
        Fault::Other(said()),
        Fault::Other(String::new()),
    ] {
        let (passes, code) = (fault.passes(), fault.code().to_owned());
        let error = fault.on(&host);
        assert_eq!(error.code(), code);
        assert!(error.to_string().starts_with("deploy@a.example cannot be "), "{error}");
        assert!(error.help().is_some_and(|help| !help.is_empty()), "{error}");
        assert!(!passes || matches!(error, HostError::Unreachable { .. }), "what passes is tried again by others, too: {error:?}");
    }
}

#[test]
fn a_key_that_the_host_would_take_is_told() {
    let more = "debug1: Server accepts key: /home/me/.ssh/id_ed25519 ED25519 SHA256:+TRH explicit";
    let denied = || Fault::Denied("Permission denied (publickey).".into());
    assert_eq!(denied().with_more(more), Fault::KeyLocked("/home/me/.ssh/id_ed25519".into()));
    assert_eq!(denied().with_more("debug1: Offering public key: /home/me/.ssh/id_ed25519"), denied());
    assert_eq!(Fault::NoPlimsoll.with_more(more), Fault::NoPlimsoll);
}

#[test]
fn whatever_ends_a_connection_that_stood_broke_it() {
    let host = HostName::new("h1").unwrap();
    let check = |fault: Fault, expect: &str| {
        let error = fault.midway().on(&host);
        assert_eq!((error.code(), error.to_string().as_str()), ("ssh-disconnected", expect));
    };
    check(Fault::judge(&ended(0, "")), "h1 cannot be reached: the connection broke (the host ended the connection)");
    check(
        Fault::judge(&ended(255, "Timeout, server h1 not responding.")),
        "h1 cannot be reached: the connection broke (Timeout, server h1 not responding.)",
    );
    check(Fault::NoPlimsoll, "h1 cannot be reached: the connection broke (it has no plimsoll)");
}

#[test]
fn what_others_say_is_cut_and_harmless() {
    let Fault::Other(said) = Fault::judge(&ended(255, &format!("\u{1b}[2J{}", "x".repeat(5_000)))) else { unreachable!() };
    assert!(said.starts_with("[2Jxxx") && said.len() == LONGEST, "{said}");
}

#[test]
fn the_key_that_opened_a_host_is_told() {
    let said = "debug1: Server accepts key: /home/me/a b RSA SHA256:first explicit\r\ndebug1: Server accepts key: /k ED25519 SHA256:x+/y agent\r\n\
                Authenticated to a.example using \"publickey\".\r\n";
    assert_eq!(accepted(said).as_deref(), Some("SHA256:x+/y"));
    assert_eq!(accepted("debug1: Authentication succeeded (none).\n"), None);
}
