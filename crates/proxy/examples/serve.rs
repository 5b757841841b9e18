//! A proxy on loopback, with the sockets and the holder that its environment names: what tests start, kill and start again. It is its
//! own keeper, too: `serve keeper FOLDER`.

use std::path::Path;
use std::process::ExitCode;

use plimsoll_proxy::{Addresses, Options};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let ended = match arguments.as_slice() {
        [keeper, folder] if keeper == "keeper" => plimsoll_keeper::run(Path::new(folder)).map_err(|error| error.to_string()),
        [folder] => serve(Path::new(folder)),
        _ => Err("usage: serve [keeper] FOLDER".to_owned()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(folder: &Path) -> Result<(), String> {
    let options = Options { addresses: Addresses::loopback(), threads: 2, ..Options::from_environment(folder.into()) };
    plimsoll_proxy::run(options).map_err(|error| error.to_string())
}
