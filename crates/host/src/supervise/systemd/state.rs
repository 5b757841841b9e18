//! What systemd tells about a unit, and what that means for its slot.

use std::collections::HashMap;

use plimsoll_keeper::Exit;
use plimsoll_model::slot::Condition;
use zbus::zvariant::{Array, OwnedValue, Structure, Value};

use crate::supervise::{Ended, Running};

/// What systemd tells about a unit that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct State {
    active: String,
    sub: String,
    /// The job that it has to wait for; 0 when there is none.
    job: u32,
    pid: u32,
    restarts: u32,
    /// How its program ended last, or what comes before it failed, as `waitid` tells it: 0 while it runs.
    code: i32,
    status: i32,
}

/// `waitid`: it ended by itself.
const EXITED: i32 = 1;

impl State {
    /// From the properties of a unit and of its service. `None` when there is no such unit.
    pub(super) fn of(properties: &HashMap<String, OwnedValue>) -> Option<Self> {
        let text = |name: &str| properties.get(name).and_then(|value| value.downcast_ref::<String>().ok()).unwrap_or_default();
        let count = |name: &str| properties.get(name).and_then(|value| value.downcast_ref::<u32>().ok()).unwrap_or_default();
        let number = |name: &str| properties.get(name).and_then(|value| value.downcast_ref::<i32>().ok()).unwrap_or_default();
        let job = properties.get("Job").and_then(|value| value.downcast_ref::<Structure<'_>>().ok());
        let job = job.and_then(|job| job.fields().first().and_then(|id| id.downcast_ref::<u32>().ok())).unwrap_or_default();
        let (code, status) = match number("ExecMainCode") {
            0 => properties.get("ExecStartPre").and_then(|commands| failed(commands)).unwrap_or_default(),
            code => (code, number("ExecMainStatus")),
        };
        // One whose file has become bad since it was started runs on.
        (!matches!(text("LoadState").as_str(), "" | "not-found")).then(|| Self {
            active: text("ActiveState"),
            sub: text("SubState"),
            job,
            pid: count("MainPID"),
            restarts: count("NRestarts"),
            code,
            status,
        })
    }

    /// Whether nothing of it is left, and nothing will come of it.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.active.as_str(), "inactive" | "failed") && self.job == 0
    }

    /// Whether it is being stopped because someone asked for that. What ends by itself has no job.
    pub(super) fn is_leaving(&self) -> bool {
        self.active == "deactivating" && self.job != 0
    }

    /// Whether its program has been started, or could not be.
    pub(super) fn is_settled(&self) -> bool {
        let starts = matches!((self.active.as_str(), self.sub.as_str()), ("activating", "start" | "start-pre"));
        let waits = self.active == "inactive" && self.job != 0;
        !starts && !waits
    }

    /// What its slot is doing.
    pub(super) fn running(&self) -> Running {
        let pid = (self.pid != 0).then_some(self.pid);
        let condition = match pid {
            _ if self.is_over() => Condition::Stopped,
            Some(_) => Condition::Running,
            None => Condition::Restarting,
        };
        Running { condition, pid, restarts: self.restarts }
    }

    /// How its program ended by itself, if it ever did.
    pub(super) fn end(&self) -> Option<Ended> {
        match (self.code, self.status) {
            (0, _) if self.is_over() => Some(Ended::badly("it does not run")),
            (0, _) => (self.restarts > 0).then(|| Ended::badly("it ended, and was started again")),
            (EXITED, status) => {
                let how = setup(status).map_or_else(|| Exit { code: Some(status), signal: None }.to_string(), str::to_owned);
                Some(Ended { how, well: status == 0 })
            }
            (_, signal) => Some(Ended::badly(Exit { code: None, signal: Some(signal) }.to_string())),
        }
    }
}

/// How the command failed that is run before the program, if it did. Its last two fields tell how it ended.
fn failed(commands: &Value<'_>) -> Option<(i32, i32)> {
    let commands = commands.downcast_ref::<Array<'_>>().ok()?;
    let command = commands.first()?.downcast_ref::<Structure<'_>>().ok()?;
    let [.., code, status] = command.fields() else { return None };
    let (code, status) = (code.downcast_ref::<i32>().ok()?, status.downcast_ref::<i32>().ok()?);
    (status != 0).then_some((code, status))
}

/// What an exit code means by which systemd tells that it could not start the program.
fn setup(status: i32) -> Option<&'static str> {
    Some(match status {
        200 => "systemd cannot enter the folder of its release (200/CHDIR)",
        203 => "systemd cannot execute its shell (203/EXEC)",
        217 => "systemd finds no such user (217/USER)",
        226 => "systemd cannot set up what it may see of the host (226/NAMESPACE)",
        228 => "systemd cannot restrict its system calls (228/SECCOMP)",
        238 => "systemd cannot make its folder below /var/lib (238/STATE_DIRECTORY)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(active: &str, sub: &str) -> State {
        State { active: active.into(), sub: sub.into(), ..State::default() }
    }

    #[test]
    fn what_a_unit_does_is_what_its_slot_does() {
        let runs = |state: State| state.running().condition;
        assert_eq!(runs(State { pid: 7, ..state("active", "running") }), Condition::Running);
        assert_eq!(runs(state("activating", "auto-restart")), Condition::Restarting);
        assert_eq!(runs(state("deactivating", "stop-sigterm")), Condition::Restarting);
        assert_eq!(runs(state("failed", "failed")), Condition::Stopped);
        assert_eq!(State { pid: 7, restarts: 3, ..state("active", "running") }.running().restarts, 3);
    }

    #[test]
    fn what_is_being_stopped_is_not_what_ends_by_itself() {
        assert!(State { job: 9, ..state("deactivating", "stop-sigterm") }.is_leaving());
        assert!(!state("deactivating", "stop-sigterm").is_leaving());
        assert!(!State { job: 9, ..state("inactive", "dead") }.is_settled() && !state("activating", "start").is_settled());
        assert!(state("activating", "auto-restart").is_settled() && state("active", "running").is_settled());
    }

    #[test]
    fn what_fails_before_the_program_is_an_end_too() {
        let told = |code: i32, status: i32| {
            let command = ("/bin/chown", vec!["chown"], false, 0_u64, 0_u64, 0_u64, 0_u64, 7_u32, code, status);
            let properties = [("LoadState", Value::from("loaded")), ("ExecMainCode", 0_i32.into()), ("ExecStartPre", vec![command].into())];
            let owned = properties.map(|(name, value)| (name.to_owned(), value.try_to_owned().unwrap()));
            State::of(&owned.into()).unwrap().end()
        };
        assert_eq!(told(1, 0), None);
        assert!(told(1, 217).unwrap().how.contains("no such user"));
        assert_eq!(told(2, 9), Some(Ended::badly("signal 9")));
        assert_eq!(State::of(&HashMap::new()), None, "a unit that was only asked for is not there");
    }

    #[test]
    fn ends_are_told_in_words() {
        let end = |code, status| State { code, status, ..state("activating", "auto-restart") }.end();
        assert_eq!(end(0, 0), None);
        for (code, status, words) in [(1, 3, "exit code 3"), (2, 9, "signal 9"), (3, 11, "signal 11")] {
            assert_eq!(end(code, status), Some(Ended::badly(words)));
        }
        assert!(end(1, 0).unwrap().well);
        assert!(end(1, 217).unwrap().how.contains("no such user"));
        assert!(State { restarts: 1, ..state("active", "running") }.end().is_some());
        assert!(state("inactive", "dead").end().is_some());
    }
}
