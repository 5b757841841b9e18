//! Progress on a terminal: a line for each component that says what is being done with it, and for how long.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use plimsoll_model::ComponentName;
use plimsoll_ops::{Event, HostEvent, Note, What};

use crate::console;
use crate::render::event;
use crate::render::measure::duration;

/// How often the time on a line is renewed.
const TICK: Duration = Duration::from_millis(100);

/// Lines on a terminal that change. They are gone when it is dropped.
#[derive(Default)]
pub struct Live {
    screen: MultiProgress,
    bars: BTreeMap<ComponentName, ProgressBar>,
}

impl Live {
    /// Shows what happened.
    pub fn event(&mut self, event: &Event) {
        match event {
            Event::Planned { .. } | Event::Output { .. } => {}
            Event::Building { component, what } => self.now(component, what),
            Event::Built { component, what, ms } => self.now(component, &format!("{what} done in {}", duration(*ms))),
            Event::Deployment(note) => self.note(event, note),
            Event::Settling { .. } | Event::Notice { .. } => self.line(event),
        }
    }

    /// Says something above the lines that change.
    pub fn say(&mut self, text: &str) {
        self.screen.suspend(|| console::tell(text));
    }

    fn note(&mut self, event: &Event, note: &Note) {
        match note {
            Note::Uploading { component, files, bytes, .. } => self.now(component, &format!("upload {}", event::load(*files, *bytes))),
            Note::Step { event: HostEvent { what: What::Failed { .. }, .. }, .. } => self.line(event),
            Note::Step { event, .. } => self.now(&event.step.component, &stated(event)),
            Note::Opened { .. } | Note::Phase { .. } => {}
            Note::Verifying => self.all("verify: ask the route from outside"),
            Note::Decided => self.all("live"),
            Note::Waiting { .. } | Note::RollingBack { .. } | Note::Warning { .. } => self.line(event),
        }
    }

    fn line(&mut self, event: &Event) {
        if let Some(line) = event::line(event) {
            self.say(&line);
        }
    }

    fn now(&mut self, component: &ComponentName, text: &str) {
        let screen = &self.screen;
        let bar = self.bars.entry(component.clone()).or_insert_with(|| bar(screen, component));
        bar.set_message(text.to_owned());
    }

    fn all(&mut self, text: &str) {
        self.bars.values().for_each(|bar| bar.set_message(text.to_owned()));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bars.values().for_each(ProgressBar::finish_and_clear);
    }
}

fn bar(screen: &MultiProgress, component: &ComponentName) -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {prefix:<12.bold} {wide_msg} {elapsed}").expect("the template is a valid one");
    let bar = screen.add(ProgressBar::new_spinner().with_style(style).with_prefix(component.to_string()));
    bar.enable_steady_tick(TICK);
    bar
}

fn stated(event: &HostEvent) -> String {
    match &event.what {
        What::Begun => event.text.clone(),
        What::Done { ms } => format!("{} ({})", event.text, duration(*ms)),
        What::Failed { .. } => format!("{} failed", event.text),
        What::Undone { .. } => format!("undone: {}", event.text),
    }
}
