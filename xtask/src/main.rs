//! Tasks of the workspace: `cargo xtask help` lists them.

#![expect(clippy::disallowed_methods, reason = "a tool for developers: it starts programs, and what it writes can be written again")]

mod bench;
mod clients;
mod codes;
mod command;
mod conformance;
mod coverage;
mod drill;
mod generate;
mod hosts;
mod matrix;
mod mutants;
mod simulate;
mod test;
mod tidy;

use std::process::ExitCode;

/// What a task gives: nothing, or why it failed, in words for people.
type Outcome = Result<(), String>;

const HELP: &str = "\
Tasks of this workspace: cargo xtask TASK

  test                  everything: format, tidy, lints, all tests; installs what it needs on Debian
  tidy                  the rules of the house that no compiler knows
  bench NAME [--json]   measure beside the peers; NAME is one of: databases, local, mcp, proxy, servers, switches
                        (the release build, or what PLIMSOLL_BIN names)
  clients               install the MCP clients that tests drive plimsoll with
  coverage [--json]     how much of each crate the tests run, processes that they start included; takes minutes
  matrix                kill each process of a deployment at each crash point
  matrix --random N [--seed S]
                        N rounds of any signal to anyone at any time, from seed S on
  simulate [--seeds N] [--from S] [--threads T]
                        play simulated histories; --seed S tells the story of one
  mutants [NAME]        make deliberate mistakes, each of which the simulation must notice
  drill                 lose a server with all that is on it, and begin anew from the copy of a backup
  hosts up N            start N machines to deploy to, as containers that are reached by SSH
  hosts disturb HOST cut | slow KBIT | heal
                        cut one of them off, slow it down, or take both back
  hosts down            remove them
  conformance           have the official suite of the Model Context Protocol judge the MCP server
  generate [--check]    write the files that the binary describes itself with, or compare them
  help                  this
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        ["test"] => test::run_all(),
        ["tidy"] => tidy::run(),
        ["bench", name] => bench::run(name, false),
        ["bench", name, "--json"] => bench::run(name, true),
        ["clients"] => clients::install(),
        ["coverage"] => coverage::run_all(false),
        ["coverage", "--json"] => coverage::run_all(true),
        [compiler, args @ ..] if coverage::is_compiler(compiler) => coverage::compile(compiler, args),
        ["matrix"] => matrix::all(),
        ["matrix", "--random", rounds] => matrix::random(rounds, "1"),
        ["matrix", "--random", rounds, "--seed", first] => matrix::random(rounds, first),
        ["simulate", args @ ..] => simulate::simulate(args),
        ["mutants"] => mutants::run(None),
        ["mutants", name] => mutants::run(Some(name)),
        ["drill"] => drill::run_all(),
        ["hosts", "up", count] => hosts::up(count),
        ["hosts", "disturb", host, how @ ..] => hosts::disturb(host, how),
        ["hosts", "down"] => hosts::down(),
        ["conformance"] => conformance::run_all(),
        ["generate"] => generate::write(),
        ["generate", "--check"] => generate::check(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(format!("there is no task `{}`\n\n{HELP}", other.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
