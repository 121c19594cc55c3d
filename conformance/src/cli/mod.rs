//! The command line: one file for each subcommand, and what they share.

mod answer;
mod client;
mod completions;
mod exit;
mod explain;
mod fuzz;
mod guard;
mod judge;
mod list;
mod options;
mod proxy;
mod reference;
mod replay;
mod schema;
mod self_test;
mod server;
mod setup;
mod signals;
mod subjects;
mod violations;
mod whereabouts;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use exit::Exit;

/// Judges pairing relays and their kin: which requirements does an implementation break, why, and what went over the wire?
#[derive(Debug, Parser)]
#[command(name = "conformance", version, propagate_version = true, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Server(server::Arguments),
    Client(client::Arguments),
    Fuzz(fuzz::Arguments),
    SelfTest(self_test::Arguments),
    List(list::Arguments),
    Explain(explain::Arguments),
    Reference(reference::ReferenceArguments),
    Proxy(proxy::Arguments),
    Replay(replay::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    #[command(name = guard::NAME, hide = true)]
    Guard,
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Conforms }.into();
        }
    };
    let result = match &arguments.command {
        Command::Server(arguments) => server::run(arguments),
        Command::Client(arguments) => client::run(arguments),
        Command::Fuzz(arguments) => fuzz::run(arguments),
        Command::SelfTest(arguments) => self_test::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Reference(arguments) => reference::run(arguments),
        Command::Proxy(arguments) => proxy::run(arguments),
        Command::Replay(arguments) => replay::run(arguments),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Guard => guard::run(),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            anstream::eprintln!("error: {}", failure.problem);
            failure.exit.into()
        }
    }
}

/// Raises the limit of open files to what the system allows: a thousand sessions are two thousand sockets.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where the system refuses, scenarios that need more sockets than there are say so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
