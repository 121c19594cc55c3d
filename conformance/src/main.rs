//! The `conformance` binary: arguments in, exit status out. Everything else is in `cli`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
