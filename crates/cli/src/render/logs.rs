//! Lines that slots wrote.

use owo_colors::{AnsiColors, OwoColorize};
use plimsoll_ops::logs::Line;

/// What tells components from each other.
const COLOURS: [AnsiColors; 6] =
    [AnsiColors::Cyan, AnsiColors::Green, AnsiColors::Yellow, AnsiColors::Blue, AnsiColors::BrightMagenta, AnsiColors::BrightCyan];

/// A component has the same colour wherever and whenever it is shown.
pub fn line(Line { host, alone, line }: &Line) -> String {
    let on = if *alone { String::new() } else { format!("{} ", host.magenta()) };
    let sum: usize = line.component.as_str().bytes().map(usize::from).sum();
    format!("{} {on}{} {}", line.at.dimmed(), line.slot.color(COLOURS[sum % COLOURS.len()]), line.text)
}

#[cfg(test)]
mod tests {
    use plimsoll_ops::LogLine;

    use super::super::plain;
    use super::*;

    fn written(host: &str, alone: bool, slot: &str) -> Line {
        let slot: plimsoll_model::SlotId = slot.parse().unwrap();
        let component = slot.as_str().rsplit_once('-').unwrap().0.parse().unwrap();
        let line = LogLine { component, slot, at: "2026-01-01T00:00:00.000Z".into(), stream: "out".into(), text: "hello".into() };
        Line { host: host.parse().unwrap(), alone, line }
    }

    #[test]
    fn a_line_names_its_host_where_there_are_several() {
        assert_eq!(plain(&line(&written("deploy@a.example", true, "web-1"))), "2026-01-01T00:00:00.000Z web-1 hello");
        assert_eq!(plain(&line(&written("deploy@a.example", false, "web-1"))), "2026-01-01T00:00:00.000Z deploy@a.example web-1 hello");
    }

    #[test]
    fn components_are_told_by_their_colours() {
        let coloured = |slot| line(&written("local", true, slot)).replace(slot, "");
        assert_eq!(coloured("web-1"), coloured("web-2"));
        assert_ne!(coloured("web-1"), coloured("api-1"));
    }
}
