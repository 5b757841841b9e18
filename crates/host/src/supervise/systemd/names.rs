//! What slots are called where systemd runs them. Names of projects, environments and components have neither dots nor underscores,
//! so what these separate belongs to one of them alone.

use plimsoll_model::{ComponentName, Digest, EnvironmentKey, SlotId};

/// What the names of all our units begin with. A drop-in for `plimsoll-.service` is one for all of them.
const PREFIX: &str = "plimsoll-";
const SUFFIX: &str = ".service";
/// Longest name of a user, in bytes.
const LONGEST_USER: usize = 31;
/// How much of a hash keeps names apart that were cut, in hexadecimal digits.
const HASH: usize = 12;

/// The unit of a slot, such as `plimsoll-shop.production.web-1.service`. It is shorter than the 255 bytes that systemd allows.
pub(super) fn unit(key: &EnvironmentKey, slot: &SlotId) -> String {
    format!("{PREFIX}{}.{}.{slot}{SUFFIX}", key.project, key.environment)
}

/// Whether a unit is a slot of ours.
pub(super) fn is_ours(unit: &str) -> bool {
    unit.starts_with(PREFIX) && unit.ends_with(SUFFIX) && unit.matches('.').count() == 3
}

/// Where a unit is on the bus.
pub(super) fn path(unit: &str) -> String {
    let escaped = unit.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("_{byte:02x}") });
    format!("/org/freedesktop/systemd1/unit/{}", escaped.collect::<String>())
}

/// The user of a component, such as `shop_production_web`; with a hash in the place of the end when that is too long.
pub(super) fn user(key: &EnvironmentKey, component: &ComponentName) -> String {
    let whole = format!("{}_{}_{component}", key.project, key.environment);
    // A user's name begins with a letter.
    let whole = if whole.starts_with(|first: char| first.is_ascii_digit()) { format!("_{whole}") } else { whole };
    if whole.len() <= LONGEST_USER {
        return whole;
    }
    let hash = &Digest::of(whole.as_bytes()).to_string()[..HASH];
    // No two underscores are beside each other in a name that was not cut.
    format!("{}__{hash}", &whole[..LONGEST_USER - HASH - 2])
}

/// The folder of a component below `/var/lib` that outlives its slots.
pub(super) fn state(key: &EnvironmentKey, component: &ComponentName) -> String {
    format!("{PREFIX}{}.{}.{component}", key.project, key.environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(project: &str, environment: &str) -> EnvironmentKey {
        EnvironmentKey { project: project.parse().unwrap(), environment: environment.parse().unwrap() }
    }

    #[test]
    fn units_are_told_apart_and_known_again() {
        let name = |project: &str, environment: &str, slot: &str| unit(&key(project, environment), &slot.parse().unwrap());
        assert_eq!(name("shop", "production", "web-1"), "plimsoll-shop.production.web-1.service");
        assert_ne!(name("a-b", "c", "web-1"), name("a", "b-c", "web-1"));
        let long = "x".repeat(40);
        assert!(name(&long, &long, &format!("{long}-4294967295")).len() < 255);
        assert!(is_ours(&name("a", "b", "c-1")));
        for other in ["plimsoll.service", "plimsoll-host.service", "plimsoll-a.b.c-1.slice", "ssh.service"] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn paths_are_escaped_as_systemd_does_it() {
        assert_eq!(path("plimsoll-a.b.c-1.service"), "/org/freedesktop/systemd1/unit/plimsoll_2da_2eb_2ec_2d1_2eservice");
    }

    #[test]
    fn users_are_readable_short_and_nobody_elses() {
        let name = |project: &str, environment: &str, component: &str| user(&key(project, environment), &component.parse().unwrap());
        assert_eq!(name("shop", "production", "web"), "shop_production_web");
        assert_eq!(name("7shop", "dev", "web"), "_7shop_dev_web");
        assert_eq!(name("a-long-name", "production", "administration").len(), 31);
        let all = [
            name("a-b", "c", "d"),
            name("a", "b-c", "d"),
            name("a", "b", "c-d"),
            name("a-long-name", "production", "administration"),
            name("a-long-name", "production", "administrator"),
            name("a-long-name", "production-administration", "x"),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len(), "{all:?}");
        for name in &all {
            assert!(name.len() <= 31 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)), "{name}");
        }
    }
}
