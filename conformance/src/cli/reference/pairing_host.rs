//! `conformance reference pairing-host`.

use std::io::{stdin, stdout};

use clap::Args;
use relayspec::text::Uuid;
use relayspec_reference::pairing_host;

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::{client, stop_requested};

pub(super) const ROLE: &str = "pairing.host";

/// The pairing host: prints its code, and exchanges data with the viewer that joins
#[derive(Debug, Args)]
#[command(after_help = client::HELP)]
pub(super) struct PairingHostArguments {
    #[command(flatten)]
    pub(super) client: client::ReferenceClientArguments,

    /// The host's id, a UUID; with it the host sends `register`
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    client_id: Option<Uuid>,
}

fn uuid(text: &str) -> Result<Uuid, String> {
    Uuid::new(text).ok_or_else(|| "expected a UUID: 32 hexadecimal digits with four hyphens".to_owned())
}

impl PairingHostArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let (options, _, wrapper) = self.client.options(ROLE)?;
        let (input, output, stop) = (wrapper.input(stdin()), wrapper.output(stdout()), wrapper.stop(stop_requested()));
        self.client.run(wrapper, async { pairing_host(options, self.client_id.clone(), input, output, stop).await })
    }
}
