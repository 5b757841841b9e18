//! What is broken on a host is found, with what to do about it.

use serde_json::Value;

use crate::ask::until;
use crate::crew::{Crew, as_root};
use crate::project::Project;
use crate::provisioned::{FLEET, Turn, heal, set_up};

/// Severities and codes of what was found on the only host, and all that was said.
fn found(answer: &plimsoll_testkit::fixtures::Ran) -> (Vec<String>, String) {
    let findings = answer.detail("/hosts/0/findings");
    let told = |finding: &Value| format!("{} {}", finding["severity"].as_str().unwrap_or_default(), finding["code"].as_str().unwrap_or_default());
    let codes = findings.as_array().expect("findings are a list").iter().map(told).collect();
    (codes, answer.stdout.clone())
}

/// Breaks the machine, or sets it right again.
fn change(host: &str, commands: &[&str]) {
    as_root(host, &commands.join(" && "));
}

#[test]
fn what_is_broken_on_a_host_is_found_with_what_to_do() {
    let _turn = Turn::take();
    let host = FLEET[0];
    heal(host);
    let crew = Crew::of("deploy", &[host]);
    let _ = set_up(&crew, host).ended(0);
    let project = Project::new(crew, &[host]);
    let (deploy, admin) = (format!("deploy@{host}"), format!("admin@{host}"));
    let doctor = |target: &str| project.crew.run(["host", "doctor", target]);

    assert_eq!(found(&doctor(&admin).ended(0)).0, Vec::<String>::new());
    assert_eq!(found(&doctor(&deploy).ended(0)).0, ["note not-seen"]);

    // Somebody has the port of the route, before anything is deployed.
    let port = project.port();
    let perl = format!("my $held = IO::Socket::INET->new(LocalPort=>{port},Listen=>1,ReuseAddr=>1) or die; sleep");
    change(host, &[&format!("systemd-run -q --collect --unit their-program perl -MIO::Socket::INET -e '{perl}'")]);
    until("1".to_owned(), || as_root(host, &format!("ss -ltnH sport = :{port} | wc -l")).trim().to_owned());
    let (codes, said) = found(&project.run_in(&["host", "doctor", "production"]).ended(1));
    assert_eq!(codes, ["error port-taken", "note not-seen"]);
    assert!(said.contains(&format!("ss -ltnp sport = :{port}")), "{said}");
    change(host, &["systemctl stop their-program"]);
    let _ = project.run("deploy", &[]).ended(0);
    assert_eq!(found(&project.run_in(&["host", "doctor", "production"]).ended(0)).0, ["note not-seen"]);

    change(
        host,
        &[
            "rm /etc/ssh/sshd_config.d/00-plimsoll.conf",
            "systemctl reload ssh",
            &format!("sed -i 's/, {port}//' /etc/plimsoll/firewall.nft"),
            "systemd-run -q --unit their-unit false",
        ],
    );
    until("failed".to_owned(), || as_root(host, "systemctl is-failed their-unit || true").trim().to_owned());
    let (codes, said) = found(&doctor(&admin).ended(1));
    assert_eq!(codes, ["error port-closed", "warning set-up-drifted", "warning unit-failed"]);
    for fix in
        [format!("plimsoll host provision {admin} --port"), "sshd is not as it was set up".into(), "systemctl status their-unit.service".into()]
    {
        assert!(said.contains(&fix), "{fix}: {said}");
    }

    change(host, &["systemctl stop plimsoll.socket plimsoll.service"]);
    for login in [&admin, &deploy] {
        let lost = doctor(login).ended(4);
        assert_eq!((lost.document()["code"].as_str(), lost.detail("/hosts/0/usable")), (Some("host-unusable"), Value::Bool(false)));
        let (codes, said) = found(&lost);
        assert!(codes.contains(&"error daemon-down".into()) && said.contains("systemctl restart plimsoll.socket"), "{said}");
    }

    // What the findings say to do sets it right.
    change(host, &["systemctl restart plimsoll.socket plimsoll.service", "systemctl reset-failed their-unit"]);
    let _ = set_up(&project.crew, host).ended(0);
    assert_eq!(found(&doctor(&admin).ended(0)).0, Vec::<String>::new());
    project.assert_serves("1");
    let _ = project.run("down", &["--yes"]).ended(0);

    let nobody = doctor("nobody@h9.invalid").ended(4);
    assert_eq!(found(&nobody).0, ["error ssh-name-unknown"]);
}
