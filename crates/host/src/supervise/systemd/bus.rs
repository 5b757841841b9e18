//! The talk with systemd, over D-Bus. What is waited for is told by signals; each is an occasion to ask anew.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, MatchRule, Message, MessageStream, Proxy, connection, message};

use super::names;
use super::properties::Properties;
use super::state::State;

const SYSTEMD: &str = "org.freedesktop.systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";
const ROOT: &str = "/org/freedesktop/systemd1";
const NO_SUCH_UNIT: &str = "org.freedesktop.systemd1.NoSuchUnit";
const UNIT_EXISTS: &str = "org.freedesktop.systemd1.UnitExists";
/// How long systemd may take to answer. It answers at once, and does what it was asked for later.
const PATIENCE: Duration = Duration::from_secs(30);
/// Replaces whatever other job the unit may have.
const MODE: &str = "replace";

/// A connection to systemd.
pub(super) struct Bus {
    connection: Connection,
    manager: Proxy<'static>,
    /// Ends with the connection.
    watch: JoinHandle<()>,
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl Bus {
    /// Connects, and tells `lost` from now on when a unit of ours is gone, or the connection.
    pub(super) async fn connect(lost: Arc<Notify>) -> zbus::Result<Self> {
        let connection = connection::Builder::system()?.method_timeout(PATIENCE).build().await?;
        let manager = Proxy::new(&connection, SYSTEMD, ROOT, MANAGER).await?;
        manager.call_method("Subscribe", &()).await?;
        let removed = MessageStream::for_match_rule(signal(MANAGER, "UnitRemoved")?.build(), &connection, None).await?;
        let watch = tokio::spawn(watch(removed, lost));
        Ok(Self { connection, manager, watch })
    }

    /// Whether the connection has not ended.
    pub(super) fn lives(&self) -> bool {
        !self.watch.is_finished() && !self.connection.is_closed()
    }

    /// What a unit is doing; `None` when there is no such unit.
    pub(super) async fn look(&self, unit: &str) -> zbus::Result<Option<State>> {
        // Asking a path that is not there would make systemd look for such a unit, and tell everybody.
        let path: OwnedObjectPath = match self.manager.call("GetUnit", &(unit)).await {
            Err(error) if is(&error, NO_SUCH_UNIT) => return Ok(None),
            path => path?,
        };
        let all = self.connection.call_method(Some(SYSTEMD), path, Some(PROPERTIES), "GetAll", &("")).await?;
        Ok(State::of(&all.body().deserialize::<HashMap<String, OwnedValue>>()?))
    }

    /// Waits until `judge` says something about what a unit is doing.
    pub(super) async fn until<T>(&self, unit: &str, judge: impl Fn(Option<&State>) -> Option<T>) -> zbus::Result<T> {
        let mut signals = self.signals(unit).await?;
        loop {
            if let Some(judged) = judge(self.look(unit).await?.as_ref()) {
                return Ok(judged);
            }
            signals.next().await.unwrap_or_else(|| Err(aborted()))?;
        }
    }

    /// Asks for a new unit. Whether there is none of its name already.
    pub(super) async fn start(&self, unit: &str, properties: &Properties) -> zbus::Result<bool> {
        let nothing: Vec<(&str, Vec<(&str, Value<'_>)>)> = Vec::new();
        match self.manager.call_method("StartTransientUnit", &(unit, MODE, properties, nothing)).await {
            Err(error) if is(&error, UNIT_EXISTS) => Ok(false),
            started => started.map(|_| true),
        }
    }

    /// Asks a unit to end.
    pub(super) async fn stop(&self, unit: &str) -> zbus::Result<()> {
        unless_gone(self.manager.call_method("StopUnit", &(unit, MODE)).await)
    }

    /// Kills all processes of a unit.
    pub(super) async fn kill(&self, unit: &str) -> zbus::Result<()> {
        let signal = rustix::process::Signal::KILL.as_raw();
        unless_gone(self.manager.call_method("KillUnit", &(unit, "all", signal)).await)
    }

    /// Lets go of a unit that failed, so that its name is free.
    pub(super) async fn let_go(&self, unit: &str) -> zbus::Result<()> {
        unless_gone(self.manager.call_method("ResetFailedUnit", &(unit)).await)
    }

    /// Occasions to look at a unit.
    async fn signals(&self, unit: &str) -> zbus::Result<impl Stream<Item = zbus::Result<Message>> + use<>> {
        let changed = signal(PROPERTIES, "PropertiesChanged")?.path(names::path(unit))?.build();
        let removed = signal(MANAGER, "UnitRemoved")?.arg(0, unit)?.build();
        let changed = MessageStream::for_match_rule(changed, &self.connection, None).await?;
        let removed = MessageStream::for_match_rule(removed, &self.connection, None).await?;
        Ok(stream::select(changed, removed))
    }
}

async fn watch(mut removed: MessageStream, lost: Arc<Notify>) {
    while let Some(Ok(message)) = removed.next().await {
        if message.body().deserialize::<(&str, OwnedObjectPath)>().is_ok_and(|(unit, _)| names::is_ours(unit)) {
            lost.notify_one();
        }
    }
    lost.notify_one();
}

fn aborted() -> zbus::Error {
    zbus::Error::InputOutput(Arc::new(std::io::ErrorKind::ConnectionAborted.into()))
}

fn signal<'a>(interface: &'a str, member: &'a str) -> zbus::Result<zbus::match_rule::Builder<'a>> {
    MatchRule::builder().msg_type(message::Type::Signal).sender(SYSTEMD)?.interface(interface)?.member(member)
}

fn unless_gone(done: zbus::Result<Message>) -> zbus::Result<()> {
    match done {
        Err(error) if is(&error, NO_SUCH_UNIT) => Ok(()),
        done => done.map(drop),
    }
}

fn is(error: &zbus::Error, name: &str) -> bool {
    matches!(error, zbus::Error::MethodError(own, ..) if own.as_str() == name)
}
