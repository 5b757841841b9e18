//! Puts a new key in the place of the one that opens a host: let in, tried by a connection of its own, and only then the old one taken out.
//!
//! `authorized_keys` belongs to the login, on provisioned hosts too, so the login itself changes it: no other rights are needed. At every
//! instant one of both keys opens the host, and whoever was cut off runs it again.

mod authorized;

use std::path::{Path, PathBuf};

use plimsoll_api::{HostApi, HostError};
use plimsoll_connect::{KeyError, KeyFile};
use plimsoll_model::HostName;
use plimsoll_model::audit::{Action, Actor, Deed, Ending};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Event, Exit, OpError, Progress, hosts};
use authorized::Entry;

/// Which host, and which key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The login, as one would write it after `ssh`.
    pub host: HostName,
    /// The file of the new private key; an ed25519 key is made where there is none.
    pub key: PathBuf,
    /// The public key that is to be taken out; the one that opens the host now when absent.
    #[serde(default)]
    pub old: Option<String>,
    /// Whether somebody has agreed: whoever else uses the old key is not let in any more.
    #[serde(default)]
    pub agreed: bool,
}

/// What opens the host now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The host.
    pub host: HostName,
    /// The file of the private key.
    pub key: PathBuf,
    /// Its fingerprint.
    pub fingerprint: String,
    /// The fingerprint of the key that was taken out; none when it was out already.
    pub replaced: Option<String>,
    /// Whether `ssh` offers the new key by itself, as it is configured here.
    pub is_configured: bool,
}

/// Rotates the key. Done twice, the second time there is nothing to do.
///
/// # Errors
/// Nobody has agreed, nothing opens the host, the old key is not known there (`key-unknown`), or the new one does not open it
/// (`login-fails`): then the host is as before.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    if !input.agreed {
        return Err(unasked(&input.host));
    }
    let file = key_file(&input, progress).await?;
    let public = file.public().await.map_err(unfit)?;
    let fingerprint = KeyFile::fingerprint(&public).await.map_err(unfit)?;
    let rotation = Rotation { context, host: &input.host, key: &input.key, public, fingerprint };
    let replaced = rotation.rotate(input.old.as_deref()).await?;
    rotation.record(replaced.as_deref()).await;
    let is_configured = context.ssh.opened_by(&input.host, None).await.is_ok();
    Ok(Output { host: input.host.clone(), key: input.key.clone(), fingerprint: rotation.fingerprint, replaced, is_configured })
}

/// A rotation under way.
struct Rotation<'a> {
    context: &'a Context,
    host: &'a HostName,
    key: &'a Path,
    public: String,
    fingerprint: String,
}

impl Rotation<'_> {
    /// Answers the fingerprint of what was taken out.
    async fn rotate(&self, named: Option<&str>) -> Result<Option<String>, OpError> {
        let ssh = &self.context.ssh;
        let (by, opener) = self.way_in().await?;
        let before = ssh.authorized_keys(self.host, by).await?;
        let old = self.old(&before, named, opener.as_deref()).await?;
        let options = old.as_ref().map_or("", |(entry, _)| entry.options);
        let both = authorized::with(&before, options, &self.public);
        self.replace(by, &before, &both).await?;
        if let Err(error) = self.trial().await {
            return Err(self.take_back(by, &both, &before, error).await);
        }
        let Some((entry, fingerprint)) = old else { return Ok(None) };
        let after = authorized::without(&both, entry.key());
        // By the new key alone: what it can do here, it can undo.
        self.replace(Some(self.key), &both, &after).await?;
        match self.trial().await {
            Ok(()) => Ok(Some(fingerprint)),
            Err(error) => Err(self.take_back(by, &after, &before, error).await),
        }
    }

    /// Which key opens the host: those of the configuration, or the new one where somebody was cut off after the old one was out.
    async fn way_in(&self) -> Result<(Option<&Path>, Option<String>), OpError> {
        match self.context.ssh.opened_by(self.host, None).await {
            Ok(opener) => Ok((None, opener)),
            Err(error) => match self.context.ssh.opened_by(self.host, Some(self.key)).await {
                Ok(opener) => Ok((Some(self.key), opener)),
                Err(_) => Err(error.into()),
            },
        }
    }

    /// The key to be taken out, with its fingerprint; none when the new one is what opens the host.
    async fn old<'t>(&self, text: &'t str, named: Option<&str>, opener: Option<&str>) -> Result<Option<(Entry<'t>, String)>, OpError> {
        let wanted = match named {
            Some(public) => Some(KeyFile::fingerprint(public.trim()).await.map_err(unfit)?),
            None => opener.map(str::to_owned),
        };
        if wanted.as_ref() == Some(&self.fingerprint) {
            return Ok(None);
        }
        for entry in authorized::entries(text) {
            // What is no key for this machine is somebody else's.
            let fingerprint = KeyFile::fingerprint(entry.public).await.ok();
            if fingerprint.is_some() && fingerprint == wanted {
                return Ok(fingerprint.map(|fingerprint| (entry, fingerprint)));
            }
        }
        // Named, and out already: that is what was wanted.
        if named.is_some() { Ok(None) } else { Err(self.unknown(wanted)) }
    }

    /// Whether the new key opens the host, and no other one that is offered beside it.
    async fn trial(&self) -> Result<(), OpError> {
        let opened = self.context.ssh.opened_by(self.host, Some(self.key)).await;
        let why = match opened {
            Ok(Some(fingerprint)) if fingerprint == self.fingerprint => return Ok(()),
            Ok(Some(other)) => format!("another key does ({other})"),
            Ok(None) => "it is opened without any key".into(),
            Err(error) => error.to_string(),
        };
        let message = format!("the new key {} does not open {}: {why}", self.key.display(), self.host);
        let help = format!("see what this tells: ssh -v -o ControlPath=none -o IdentitiesOnly=yes -i {} {} true", self.key.display(), self.host);
        Err(OpError::new(Exit::Host, "login-fails", message).with_help(help))
    }

    async fn replace(&self, by: Option<&Path>, former: &str, content: &str) -> Result<(), HostError> {
        if former == content {
            return Ok(());
        }
        self.context.ssh.replace_authorized_keys(self.host, by, former, content).await
    }

    async fn take_back(&self, by: Option<&Path>, now: &str, before: &str, error: OpError) -> OpError {
        let how = match self.replace(by, now, before).await {
            Ok(()) => "what opens it is as before".to_owned(),
            Err(trouble) => format!("its authorized_keys could not be set back ({trouble})"),
        };
        OpError { message: format!("{}; {how}", error.message), ..error }
    }

    /// On the host's record, where it has a daemon that lets this login write there.
    async fn record(&self, replaced: Option<&str>) {
        let Some(replaced) = replaced else { return };
        let note = Some(format!("{} in the place of {replaced}", self.fingerprint));
        let deed = Deed { note, ..Deed::new(Actor::from(&self.context.holder), Action::HostKeys, Ending::Done) };
        if let Ok(client) = hosts::one(self.context, self.host).await {
            drop(client.note(deed).await);
        }
    }

    fn unknown(&self, wanted: Option<String>) -> OpError {
        let which = wanted.unwrap_or_else(|| "no key at all".into());
        let message = format!("what opens {} is {which}, which does not stand in ~/.ssh/authorized_keys there", self.host);
        OpError::new(Exit::Failed, "key-unknown", message).with_help("name the public key that is to go: --old FILE.pub")
    }
}

async fn key_file(input: &Input, progress: &Progress) -> Result<KeyFile, OpError> {
    if input.key.exists() {
        return Ok(KeyFile { path: input.key.clone() });
    }
    let made = KeyFile::make(&input.key, &format!("plimsoll {}", input.host)).await.map_err(unfit)?;
    // Nobody may listen.
    let _ = progress.send(Event::Notice { message: format!("made the key {}", input.key.display()) });
    Ok(made)
}

fn unasked(host: &HostName) -> OpError {
    let message = format!("another key would open {host}, and nobody has agreed to that");
    OpError::new(Exit::Refused, "approval-missing", message).with_help("agree beforehand with --yes")
}

fn unfit(error: KeyError) -> OpError {
    let help = match &error {
        KeyError::Missing(_) => "install it; on Debian: apt install openssh-client",
        KeyError::Unfit { .. } => "name the file of a private key whose public part lies beside it (.pub), or a new file",
    };
    OpError::new(Exit::Usage, "key-unfit", error.to_string()).with_help(help)
}
