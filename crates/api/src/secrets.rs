//! The envelope in which secret values travel.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_model::{ComponentName, Secret};
use serde::{Deserialize, Serialize};

/// Values of secrets, by component and name. The one type, but for [`crate::FileKey`], that carries them to a host: inside a Unix socket, or inside SSH.
/// What it is serialized into must not be logged or kept.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretValues(pub BTreeMap<ComponentName, BTreeMap<String, Secret<String>>>);

impl SecretValues {
    /// Every value.
    pub fn values(&self) -> impl Iterator<Item = &Secret<String>> {
        self.0.values().flat_map(BTreeMap::values)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values().next().is_none()
    }
}

impl fmt::Debug for SecretValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretValues({} components)", self.0.len())
    }
}

impl Serialize for SecretValues {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let plain = |values: &BTreeMap<String, Secret<String>>| values.iter().map(|(name, value)| (name.clone(), value.expose().clone())).collect();
        to.collect_map(self.0.iter().map(|(component, values)| (component, plain(values))).collect::<BTreeMap<_, BTreeMap<String, String>>>())
    }
}

impl<'de> Deserialize<'de> for SecretValues {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let plain = BTreeMap::<ComponentName, BTreeMap<String, String>>::deserialize(from)?;
        let sealed = |values: BTreeMap<String, String>| values.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
        Ok(Self(plain.into_iter().map(|(component, values)| (component, sealed(values))).collect()))
    }
}
