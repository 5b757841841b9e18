//! A proxy on loopback, with the sockets and the holder that its environment names: what tests start, kill and start again.

use std::process::ExitCode;

use plimsoll_proxy::{Addresses, Options};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: serve FOLDER");
        return ExitCode::from(2);
    };
    let options = Options { addresses: Addresses::loopback(), threads: 2, ..Options::from_environment(folder.into()) };
    match plimsoll_proxy::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
