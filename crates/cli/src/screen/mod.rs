//! What is shown while an operation goes on: bars on a terminal, plain lines elsewhere, documents for machines, or nothing.

mod live;

use plimsoll_ops::Event;

use crate::console::{self, Console};
use crate::render::event;
use crate::render::plan::announced;
use live::Live;

/// A way to show what happens.
pub enum Screen {
    /// Nothing: a program waits for the answer, or the log is shown.
    Dark,
    /// Each event as a JSON document on standard output.
    Documents(Console),
    /// A line for each event that a person should know of.
    Lines,
    /// A line for each component, which changes.
    Live(Box<Live>),
}

impl Screen {
    /// The way that suits who listens.
    pub fn of(console: Console) -> Self {
        match console.manner {
            manner if manner.events => Self::Documents(console),
            manner if manner.json || manner.verbose => Self::Dark,
            _ if console.can_animate() => Self::Live(Box::default()),
            _ => Self::Lines,
        }
    }

    /// Shows what happened.
    pub fn event(&mut self, event: &Event) {
        tracing::info!(target: "plimsoll", "{}", event::log_line(event));
        match (self, event) {
            (Self::Dark, _) => {}
            (Self::Documents(console), _) => console.line(event),
            (screen, Event::Planned { hash, plan, estimates }) if !plan.is_empty() => screen.say(&announced(*hash, plan, estimates)),
            (Self::Lines, _) => event::line(event).iter().for_each(|line| console::tell(line)),
            (Self::Live(live), _) => live.event(event),
        }
    }

    /// Says something to the person who watches, if there is one.
    pub fn say(&mut self, text: &str) {
        match self {
            Self::Dark | Self::Documents(_) => {}
            Self::Lines => console::tell(text),
            Self::Live(live) => live.say(text),
        }
    }
}
