//! A keeper alone, as `plimsoll-keeper keeper FOLDER`: what `plimsoll keeper FOLDER` is in the binary that has all of Plimsoll.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let [command, folder] = arguments.as_slice() else { return usage() };
    if command != "keeper" {
        return usage();
    }
    match plimsoll_keeper::run(Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: plimsoll-keeper keeper FOLDER");
    ExitCode::from(2)
}
