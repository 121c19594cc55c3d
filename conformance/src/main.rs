//! The `conformance` binary: arguments in, exit status out. Everything else is in `cli`.

#[expect(clippy::disallowed_methods, reason = "the command line prints")]
mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
