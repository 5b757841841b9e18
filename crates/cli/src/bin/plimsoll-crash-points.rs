//! The binary `plimsoll` with crash points in it, for the tests that kill its processes there.

fn main() -> std::process::ExitCode {
    plimsoll_cli::main()
}
