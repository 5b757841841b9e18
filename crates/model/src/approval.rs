//! Approvals: a person's yes to one plan, signed.
//!
//! An environment can want one before agents, or anybody, change it. What is signed is a [statement](Approval::statement) that names the plan by its
//! hash, so it is a yes to nothing else; it is good once, and not for long. Whether a signature is right is judged on the host.

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agents::SURFACE;
use crate::deployment::{Failure, Holder};
use crate::plan::Plan;
use crate::time::Moment;
use crate::{EnvironmentKey, PlanHash};

/// What signatures are made for: one that was made for something else is none. The namespace of OpenSSH's PROTOCOL.sshsig.
pub const NAMESPACE: &str = "plimsoll-approval";

/// The longest time for which an approval can be good, in milliseconds.
pub const LONGEST_MS: u64 = 24 * 60 * 60 * 1000;

/// Whose plans have to be approved, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApprovalRule {
    /// Whose plans.
    pub of: Whose,
    /// Whose yes counts.
    pub by: BTreeSet<Approver>,
}

/// Whose plans have to be approved, the stricter one last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// Those of agents.
    Agents,
    /// All.
    Everyone,
}

impl ApprovalRule {
    /// What is in force where `recorded` stands on record and a plan has `wanted`: whoever could approve before judges who can from now on.
    #[must_use]
    pub fn in_force(recorded: Option<&Self>, wanted: Option<&Self>) -> Option<Self> {
        let Some(recorded) = recorded else { return wanted.cloned() };
        let of = wanted.map_or(recorded.of, |wanted| wanted.of.max(recorded.of));
        Some(Self { of, by: recorded.by.clone() })
    }

    /// Whether a plan has to be approved of one who comes by `surface`.
    #[must_use]
    pub fn holds(&self, surface: &str) -> bool {
        self.of == Whose::Everyone || surface == SURFACE
    }
}

impl fmt::Display for ApprovalRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.of {
            Whose::Agents => "plans of agents",
            Whose::Everyone => "all plans",
        };
        let by: Vec<String> = self.by.iter().map(ToString::to_string).collect();
        write!(f, "{whose} need the approval of {}", by.join(" or "))
    }
}

/// Somebody who can approve: an SSH public key, with its comment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Approver {
    key: String,
    label: String,
}

/// Why a text is no [`Approver`]. Does not repeat the text: it may be what nobody should see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApproverError {
    /// It is the other half of the key.
    #[error("this is a private key, and must not stand in a file that others read")]
    Private,
    /// A character is wrong, missing or too many.
    #[error("the key is not whole")]
    Broken,
    /// It looks like nothing known.
    #[error("this is no SSH public key that can sign")]
    Unknown,
}

/// The types of keys that can sign, and how each key begins: the length of its type's name, and the name, in base64. `sk-` keys live in hardware.
const TYPES: [(&str, &str); 5] = [
    ("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAI"),
    ("sk-ssh-ed25519@openssh.com", "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAI"),
    ("ecdsa-sha2-nistp256", "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAB"),
    ("sk-ecdsa-sha2-nistp256@openssh.com", "AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAAIbmlzdHAyNTYAAAB"),
    ("ssh-rsa", "AAAAB3NzaC1yc2EA"),
];

impl Approver {
    /// Takes a line such as `~/.ssh/id_ed25519.pub` holds.
    ///
    /// # Errors
    /// It is no public key that can sign.
    pub fn new(text: &str) -> Result<Self, ApproverError> {
        let mut words = text.split_whitespace();
        let (kind, key) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if kind.starts_with("-----BEGIN") || kind.starts_with("AGE-SECRET-KEY-") {
            return Err(ApproverError::Private);
        }
        let (_, start) = TYPES.iter().find(|(name, _)| *name == kind).ok_or(ApproverError::Unknown)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
        let whole = key.starts_with(start) && key.len() >= 68 && key.len() <= 1400 && key.len().is_multiple_of(4) && key.bytes().all(plain);
        if !whole {
            return Err(ApproverError::Broken);
        }
        Ok(Self { key: format!("{kind} {key}"), label: words.collect::<Vec<_>>().join(" ") })
    }

    /// The key, without its comment: who has the same key is the same approver.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The comment and the end of the key, by which people know it.
impl fmt::Display for Approver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.key.split_once(' ').map_or("", |(kind, _)| kind);
        let end = &self.key[self.key.len().saturating_sub(8)..];
        if self.label.is_empty() { write!(f, "{kind} …{end}") } else { write!(f, "{} ({kind} …{end})", self.label) }
    }
}

impl TryFrom<String> for Approver {
    type Error = ApproverError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<Approver> for String {
    fn from(approver: Approver) -> Self {
        format!("{} {}", approver.key, approver.label).trim_end().to_owned()
    }
}

/// A person's yes to one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Approval {
    /// What the plan changes.
    pub key: EnvironmentKey,
    /// The plan.
    pub plan: PlanHash,
    /// Who says so: the key that the signature is of.
    pub by: Approver,
    /// Until when it is good, by the host's clock.
    pub until: Moment,
    /// Tells it from every other one: 32 hexadecimal digits at random.
    pub nonce: String,
    /// The signature of its statement, as `ssh-keygen -Y sign` writes it.
    pub signature: String,
}

impl Approval {
    /// What is signed, as text.
    #[must_use]
    pub fn statement(&self) -> String {
        let Self { key, plan, until, nonce, .. } = self;
        format!("plimsoll approval 1\nproject {}\nenvironment {}\nplan {plan}\nuntil {until}\nnonce {nonce}\n", key.project, key.environment)
    }
}

/// A plan that somebody wants to carry out and that has to be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Asked {
    /// The plan.
    pub plan: Plan,
    /// Who wants to.
    pub by: Holder,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when.
    pub at: Moment,
    /// The approval that it has, if one is still good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

/// There is none, or none any more.
#[must_use]
pub fn missing(key: &EnvironmentKey, plan: PlanHash, rule: &ApprovalRule) -> Failure {
    let by: Vec<String> = rule.by.iter().map(ToString::to_string).collect();
    let message = format!("in {key}, this plan has to be approved by {}", by.join(" or "));
    let help = format!("ask for `plimsoll approve {plan} {}`, and then do the same again with this plan's hash", key.environment);
    Failure::new("approval-needed", message).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILsBsh9SaLXNCDRLV02j/hm1VSg19LVKkl7xL1qMZ/dF";
    const SK: &str = "sk-ssh-ed25519@openssh.com \
                      AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAbx/1zH3SgVbDcFqTFWkgKxEmxWp4z/WBqJxG+kRuTGAAAABHNzaDo=";

    fn approver(text: &str) -> Approver {
        Approver::new(text).unwrap()
    }

    #[test]
    fn keys_that_sign_are_taken_as_people_write_them_down() {
        assert_eq!(approver(&format!("{ADA}  ada@desk\n")).to_string(), "ada@desk (ssh-ed25519 …L1qMZ/dF)");
        assert_eq!(approver(SK).key(), SK);
        for (text, expect) in [
            ("", ApproverError::Unknown),
            ("ada", ApproverError::Unknown),
            ("age1qqqq", ApproverError::Unknown),
            ("ssh-dss AAAAB3NzaC1kc3MAAACB", ApproverError::Unknown),
            ("ssh-ed25519", ApproverError::Broken),
            (&ADA[..70], ApproverError::Broken),
            (&ADA.replace("ssh-ed25519", "ssh-rsa"), ApproverError::Broken),
            ("-----BEGIN OPENSSH PRIVATE KEY-----", ApproverError::Private),
        ] {
            assert_eq!(Approver::new(text), Err(expect), "{text}");
        }
    }

    #[test]
    fn who_approves_is_changed_by_who_approved_before() {
        let rule = |of, key: &str| ApprovalRule { of, by: [approver(key)].into() };
        let (old, new) = (rule(Whose::Agents, ADA), rule(Whose::Everyone, SK));
        for (recorded, wanted, expect) in [
            (None, None, None),
            (None, Some(&new), Some(new.clone())),
            (Some(&old), None, Some(old.clone())),
            (Some(&old), Some(&new), Some(rule(Whose::Everyone, ADA))),
            (Some(&new), Some(&old), Some(new.clone())),
        ] {
            assert_eq!(ApprovalRule::in_force(recorded, wanted), expect);
        }
        assert!(old.holds(SURFACE) && !old.holds("cli") && new.holds("cli"));
    }
}
