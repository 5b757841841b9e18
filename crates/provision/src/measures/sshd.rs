//! SSH for keys only, and not for root.

use super::{Verdict, file};
use crate::{Deed, Facts};

/// What is in force afterwards, as `sshd -T` tells it.
const WANTED: [(&str, &str); 3] = [("permitrootlogin", "no"), ("passwordauthentication", "no"), ("kbdinteractiveauthentication", "no")];

/// The first word on a setting counts, so it comes before all others.
pub(super) const SETTINGS: (&str, &str) = (
    "/etc/ssh/sshd_config.d/00-plimsoll.conf",
    "\
# Written by plimsoll host provision: keys only, and not for root.
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
",
);

pub(super) fn judge(facts: &Facts) -> Verdict {
    if facts.sshd.is_empty() {
        return Verdict::spared("its settings cannot be told by `sshd -T`: see to it by hand");
    }
    let holds = WANTED.iter().all(|(name, value)| facts.sshd.get(*name).is_some_and(|found| found == value));
    let Some(deed) = file(facts, SETTINGS) else {
        return if holds { Verdict::Fine } else { overridden(facts) };
    };
    if holds {
        return Verdict::Fine;
    }
    let reload = format!("systemctl reload {}", facts.ssh_unit());
    // Undone in reverse: the file goes first, then SSH reads again.
    let deeds = vec![Deed::undoable("sshd -t", &reload), deed, Deed::run("sshd -t"), Deed::run(&reload)];
    Verdict::Do { what: "let SSH in by keys only, and not as root".into(), deeds }
}

fn overridden(facts: &Facts) -> Verdict {
    let other = WANTED.iter().find(|(name, value)| facts.sshd.get(*name).is_none_or(|found| found != value));
    let name = other.map_or("a setting", |(name, _)| name);
    Verdict::Barred {
        why: format!("{} says what it should, and yet {name} is not so", SETTINGS.0),
        help: "see what stands before it in /etc/ssh/sshd_config: `Include /etc/ssh/sshd_config.d/*.conf` has to come first".into(),
    }
}
