//! Names, hashes, times and text.

use plimsoll_model::time::Moment;
use plimsoll_model::{
    ComponentName, ConfigHash, DeploymentId, Digest, EnvironmentKey, EnvironmentName, HostName, PlanHash, ProjectName, RelPath, ReleaseId, SlotId,
    StateHash,
};
use proptest::prelude::*;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-c]", 1 => "[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?"]
}

/// Names of components, that often meet.
pub fn component() -> impl Strategy<Value = ComponentName> {
    name().prop_map(|name| ComponentName::new(name).expect("it follows the rule"))
}

/// Projects in environments, that often meet.
pub fn key() -> impl Strategy<Value = EnvironmentKey> {
    (name(), name()).prop_map(|(project, environment)| EnvironmentKey {
        project: ProjectName::new(project).expect("it follows the rule"),
        environment: EnvironmentName::new(environment).expect("it follows the rule"),
    })
}

/// Names of deployments.
pub fn deployment() -> impl Strategy<Value = DeploymentId> {
    name().prop_map(|name| DeploymentId::new(name).expect("it follows the rule"))
}

/// Names of slots.
pub fn slot() -> impl Strategy<Value = SlotId> {
    (component(), any::<u32>()).prop_map(|(component, number)| SlotId::numbered(&component, number))
}

/// Names of hosts, this machine often among them.
pub fn host() -> impl Strategy<Value = HostName> {
    prop_oneof![Just(HostName::local()), "[A-Za-z0-9@.][A-Za-z0-9@._:%-]{0,30}".prop_map(|name| HostName::new(name).expect("it follows the rule"))]
}

/// Paths inside of a folder, the folder itself among them.
pub fn path() -> impl Strategy<Value = RelPath> {
    "[a-z é.]{0,4}(/[a-z~$.]{1,4}){0,3}".prop_filter_map("it leads out", |text| RelPath::new(&text).ok())
}

/// Hashes.
pub fn digest() -> impl Strategy<Value = Digest> {
    prop_oneof![any::<u8>().prop_map(|byte| Digest::of(&[byte % 4])), any::<[u8; 32]>().prop_map(Digest::from)]
}

/// Releases.
pub fn release() -> impl Strategy<Value = ReleaseId> {
    digest().prop_map(ReleaseId)
}

/// Configurations.
pub fn config() -> impl Strategy<Value = ConfigHash> {
    digest().prop_map(ConfigHash)
}

/// Plans, by their hashes.
pub fn plan_hash() -> impl Strategy<Value = PlanHash> {
    digest().prop_map(PlanHash)
}

/// States, by their hashes.
pub fn state_hash() -> impl Strategy<Value = StateHash> {
    digest().prop_map(StateHash)
}

/// Moments, from long ago to the last one that has a written form.
pub fn moment() -> impl Strategy<Value = Moment> {
    prop_oneof![4 => 0..=Moment::LAST.0, 1 => -Moment::LAST.0 / 8..=0, 1 => Just(Moment::LAST.0)].prop_map(Moment)
}

/// Milliseconds, bytes, counts.
pub fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..100_000_u64, 1 => any::<u64>(), 1 => Just(u64::MAX)]
}

/// Text of any kind: control characters, line ends and what JSON has to escape among it.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "\\PC{0,12}", 1 => "(?s).{0,8}", 1 => "[\"\\\\/\u{0}\u{1b}\u{2028}\u{feff}\r\n\t]{0,4}"]
}

/// Names of environment variables.
pub fn variable() -> impl Strategy<Value = String> {
    "[A-Z_][A-Z0-9_]{0,6}"
}
