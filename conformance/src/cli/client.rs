//! `conformance client`: judges a client by the command that starts it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use conformance::subject::{ClientTemplate, Driver, Manifest};
use relayspec::timing::Written;

use super::exit::{Exit, Failure};
use super::judge;
use super::options::{RunOptions, SubjectOptions};
use super::setup::{RoleUnderTest, Setup, ClientSource};

/// Judge a client, by the command that starts it: the runner plays the server
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The command that starts the client, behind `--`; `{url}` stands for the address to connect to, which is in the environment as
    /// CONFORMANCE_URL too. No shell runs it.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,

    /// The client's role, as pairing.host.
    #[arg(long, value_name = "ROLE", help_heading = "Subject")]
    role: Option<String>,

    /// A file that says what the subject is (TOML); flags win over it.
    #[arg(long, value_name = "FILE", help_heading = "Subject")]
    manifest: Option<PathBuf>,

    /// The client speaks the driver protocol: JSON lines on its standard input and output. Without it, what shows on the wire alone is
    /// judged.
    #[arg(long, help_heading = "Subject")]
    driver: bool,

    /// Start one process and let it play all scenarios, one after the other; those that need a client of their own are skipped.
    #[arg(long, conflicts_with = "attach", help_heading = "Subject")]
    warm: bool,

    /// Start nothing: print an address and wait for a browser, a phone or a debugger that connects to it. It plays all scenarios, one after
    /// the other.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:0", conflicts_with = "driver", help_heading = "Subject")]
    attach: Option<SocketAddr>,

    /// How the client comes back after a loss, as `base=100ms,factor=2,cap=800ms,jitter=0.2`; the family's policy for what is not said.
    #[arg(long, value_name = "POLICY", help_heading = "Subject")]
    reconnect: Option<String>,

    /// How long a started client has to its first attempt to connect.
    #[arg(long, value_name = "DURATION", default_value = "20s", help_heading = "Subject")]
    ready_within: Written,

    #[command(flatten)]
    subject: SubjectOptions,

    #[command(flatten)]
    judge: RunOptions,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let manifest = Manifest::of(arguments.manifest.as_deref()).map_err(Failure::usage)?;
    let Some(role) = arguments.role.as_ref().or(manifest.role.as_ref()) else {
        return Err(Failure::usage("no role: say which client it is, as --role pairing.host"));
    };
    let template = || match (&arguments.command[..], &manifest.command) {
        ([], Some(command)) => ClientTemplate::new(command).map(|template| template.in_folder(manifest.folder())),
        (words, _) => ClientTemplate::of_words(words.to_vec()),
    };
    let at = match (arguments.attach, arguments.warm) {
        (Some(_), _) if !arguments.command.is_empty() => {
            return Err(Failure::usage("--attach starts nothing: leave the command out"));
        }
        (Some(address), _) => ClientSource::Attached(address),
        (None, true) => ClientSource::Warm(template().map_err(Failure::usage)?),
        (None, false) => ClientSource::Each(template().map_err(Failure::usage)?),
    };
    let has_driver = arguments.attach.is_none() && (arguments.driver || manifest.driver == Some(true));
    let driver = if has_driver { Driver::Spoken } else { Driver::None };
    let reconnect = arguments.reconnect.as_deref();
    let mut seat = RoleUnderTest::client(at, driver, role, reconnect, &manifest, &arguments.subject)?;
    seat.first_attempt = arguments.ready_within.0;
    judge::judge(&Setup::new(vec![seat], manifest.baseline.as_ref(), &arguments.judge)?)
}
