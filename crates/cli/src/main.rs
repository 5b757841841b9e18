//! The binary `plimsoll`, as people run it.

fn main() -> std::process::ExitCode {
    plimsoll_cli::main()
}
