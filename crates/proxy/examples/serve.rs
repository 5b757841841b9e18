//! A proxy on loopback, with the sockets and the holder that its environment names: what tests start, kill and start again. It is its
//! own keeper, too: `serve keeper FOLDER`. `serve FOLDER RESTORE_MS` says how long it waits for routes that were lost.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use plimsoll_proxy::{Addresses, Options};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let ended = match arguments.as_slice() {
        [keeper, folder] if keeper == "keeper" => plimsoll_keeper::run(Path::new(folder)).map_err(|error| error.to_string()),
        [folder] => serve(Options::from_environment(folder.into())),
        [folder, restore] => match restore.to_str().and_then(|ms| ms.parse().ok()).map(Duration::from_millis) {
            Some(restore) => serve(Options { restore, ..Options::from_environment(folder.into()) }),
            None => Err("RESTORE_MS is no number".to_owned()),
        },
        _ => Err("usage: serve [keeper] FOLDER [RESTORE_MS]".to_owned()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> Result<(), String> {
    let options = Options { addresses: Addresses::loopback(), threads: 2, ..options };
    plimsoll_proxy::run(options).map_err(|error| error.to_string())
}
