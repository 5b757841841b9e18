//! The two processes that routes need, in one program as in `plimsoll`: `roles keeper FOLDER` and `roles proxy --loopback --folder FOLDER`.

use std::path::Path;
use std::process::ExitCode;

use plimsoll_proxy::{Addresses, Options};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match arguments.as_slice() {
        ["keeper", folder] => plimsoll_keeper::run(Path::new(folder)).map_err(|error| error.to_string()),
        ["proxy", "--loopback", "--folder", folder] => serve(Options::from_environment(folder.into())),
        _ => Err("usage: roles keeper FOLDER, or roles proxy --loopback --folder FOLDER".to_owned()),
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
    plimsoll_proxy::run(Options { addresses: Addresses::loopback(), threads: 1, ..options }).map_err(|error| error.to_string())
}
