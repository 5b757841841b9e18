//! What an upgrade of a host has replaced.

use owo_colors::OwoColorize;
use plimsoll_ops::host_upgrade::Output;
use plimsoll_ops::{Program, Replaced};

/// One line for each program, and one that says how things stand.
pub fn upgrade(output: &Output) -> String {
    let Some(serves) = &output.serves else { return "this machine has never been a host: there is nothing to upgrade\n".into() };
    let replaced = [("daemon", &output.daemon), ("proxy", &output.proxy)];
    let lines: String = replaced.into_iter().filter_map(|(name, replaced)| Some(line(name, replaced.as_ref()?))).collect();
    match lines.is_empty() {
        true => format!("daemon and proxy are of {} already\n", named(serves)),
        false => format!("{lines}{} slots were not touched\n", "ok".green()),
    }
}

/// A program's version and build.
pub fn named(program: &Program) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "unknown".into());
    format!("version {} (build {})", part(&program.version), part(&program.build))
}

fn line(name: &str, Replaced { from, to }: &Replaced) -> String {
    format!("{name:<6}  {} -> {}, pid {} -> {}\n", named(from), named(to), from.pid, to.pid)
}

#[cfg(test)]
mod tests {
    use super::super::plain;
    use super::*;

    #[test]
    fn what_was_replaced_is_told() {
        let program = |pid: u32, version: Option<&str>, build: &str| Program { pid, version: version.map(str::to_owned), build: Some(build.into()) };
        let new = || program(9, Some("0.2.0"), "bbbb");
        let check = |output: Output, expect: &str| assert_eq!(plain(&upgrade(&output)), expect);
        let nothing = Output { serves: None, daemon: None, proxy: None };
        check(nothing.clone(), "this machine has never been a host: there is nothing to upgrade\n");
        check(Output { serves: Some(new()), ..nothing.clone() }, "daemon and proxy are of version 0.2.0 (build bbbb) already\n");
        let replaced = |from| Some(Replaced { from, to: new() });
        let both = Output { serves: Some(new()), daemon: replaced(program(7, Some("0.1.0"), "aaaa")), proxy: replaced(program(8, None, "aaaa")) };
        let lines = "daemon  version 0.1.0 (build aaaa) -> version 0.2.0 (build bbbb), pid 7 -> 9\n\
                     proxy   version unknown (build aaaa) -> version 0.2.0 (build bbbb), pid 8 -> 9\n\
                     ok slots were not touched\n";
        check(both, lines);
    }
}
