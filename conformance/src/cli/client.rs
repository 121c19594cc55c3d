//! `conformance client`: tests a client, which it starts with a command.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use conformance::subject::{ClientTemplate, Driver, Manifest};
use relayspec::timing::HumanDuration;

use super::error::{CommandError, UsageError};
use super::options::{RunOptions, SubjectOptions};
use super::run;
use super::setup::{ClientSource, RoleUnderTest, RunSetup};
use super::status::ExitStatus;

/// Test a client: the runner acts as its server
#[derive(Debug, Args)]
pub(super) struct ClientArguments {
    /// The command that starts the client, after `--`; `{url}` stands for the address to connect to, which is also in the environment
    /// variable CONFORMANCE_URL. It does not run in a shell.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,

    /// The client's role, such as pairing.host.
    #[arg(long, value_name = "ROLE", help_heading = "Subject")]
    role: Option<String>,

    /// A TOML file that describes the subject; flags override it.
    #[arg(long, value_name = "FILE", help_heading = "Subject")]
    manifest: Option<PathBuf>,

    /// The client speaks the driver protocol: JSON lines on its standard input and output. Without it, only what the client sends and
    /// receives is checked.
    #[arg(long, help_heading = "Subject")]
    driver: bool,

    /// Start one process and run all scenarios against it, one after the other; scenarios that need a fresh client are skipped.
    #[arg(long, conflicts_with = "attach", help_heading = "Subject")]
    warm: bool,

    /// Start no client: print an address and wait for a browser, a phone or a debugger to connect. All scenarios run against it, one after
    /// the other.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:0", conflicts_with = "driver", help_heading = "Subject")]
    attach: Option<SocketAddr>,

    /// How the client reconnects, such as `base=100ms,factor=2,cap=800ms,jitter=0.2`; the family's policy applies to what is omitted.
    #[arg(long, value_name = "POLICY", help_heading = "Subject")]
    reconnect: Option<String>,

    /// How long a started client may take until it first connects.
    #[arg(long, value_name = "DURATION", default_value = "20s", help_heading = "Subject")]
    ready_within: HumanDuration,

    #[command(flatten)]
    subject: SubjectOptions,

    #[command(flatten)]
    run: RunOptions,
}

pub(super) fn run(arguments: &ClientArguments) -> Result<ExitStatus, CommandError> {
    let manifest = Manifest::of(arguments.manifest.as_deref())?;
    let role = arguments.role.as_ref().or(manifest.role.as_ref()).ok_or(UsageError::NoRole)?;
    let template = || match (&arguments.command[..], &manifest.command) {
        ([], Some(command)) => ClientTemplate::new(command).map(|template| template.in_folder(manifest.folder())),
        (words, _) => ClientTemplate::of_words(words.to_vec()),
    };
    let source = match (arguments.attach, arguments.warm) {
        (Some(_), _) if !arguments.command.is_empty() => return Err(UsageError::CommandWithAttach.into()),
        (Some(address), _) => ClientSource::Attached(address),
        (None, true) => ClientSource::Warm(template()?),
        (None, false) => ClientSource::Each(template()?),
    };
    let has_driver = arguments.attach.is_none() && (arguments.driver || manifest.driver == Some(true));
    let driver = if has_driver { Driver::Spoken } else { Driver::None };
    let reconnect = arguments.reconnect.as_deref();
    let mut tested = RoleUnderTest::client(source, driver, role, reconnect, &manifest, &arguments.subject)?;
    tested.first_attempt = arguments.ready_within.0;
    run::run(&RunSetup::new(vec![tested], manifest.baseline.as_ref(), &arguments.run)?)
}
