//! The command line: one file for each subcommand, and what they share.

mod answer;
mod client;
mod completions;
mod error;
mod exit;
mod explain;
mod fuzz;
mod guard;
mod list;
mod options;
mod proxy;
mod reference;
mod replay;
mod run;
mod schema;
mod self_test;
mod server;
mod server_source;
mod setup;
mod signals;
mod status;
mod subjects;
mod system;
mod violations;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use status::ExitStatus;
use system::raise_file_limit;

/// Tests servers and clients of relay protocols, and reports which requirements they violate, why, and what was sent and received
#[derive(Debug, Parser)]
#[command(name = "conformance", version, propagate_version = true, after_help = status::HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: CliCommand,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    Server(server::ServerArguments),
    Client(client::ClientArguments),
    Fuzz(fuzz::FuzzArguments),
    SelfTest(self_test::SelfTestArguments),
    List(list::ListArguments),
    Explain(explain::ExplainArguments),
    Reference(reference::ReferenceArguments),
    Proxy(proxy::ProxyArguments),
    Replay(replay::ReplayArguments),
    Schema(schema::SchemaArguments),
    Completions(completions::CompletionsArguments),
    #[command(name = guard::NAME, hide = true)]
    Guard,
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    let command = match CommandLine::try_parse() {
        Ok(CommandLine { command }) => command,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Conforms }.into();
        }
    };
    let result = match &command {
        CliCommand::Server(arguments) => server::run(arguments),
        CliCommand::Client(arguments) => client::run(arguments),
        CliCommand::Fuzz(arguments) => fuzz::run(arguments),
        CliCommand::SelfTest(arguments) => self_test::run(arguments),
        CliCommand::List(arguments) => list::run(arguments),
        CliCommand::Explain(arguments) => explain::run(arguments),
        CliCommand::Reference(arguments) => reference::run(arguments),
        CliCommand::Proxy(arguments) => proxy::run(arguments),
        CliCommand::Replay(arguments) => replay::run(arguments),
        CliCommand::Schema(arguments) => schema::run(arguments),
        CliCommand::Completions(arguments) => completions::run(arguments, CommandLine::command()),
        CliCommand::Guard => guard::run(),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            anstream::eprintln!("error: {error}");
            exit::status_of(&error).into()
        }
    }
}
