//! `conformance reference pairing-viewer`.

use std::io::{stdin, stdout};

use clap::Args;
use relayspec::pairing::JoinCode;
use relayspec_reference::pairing_viewer;

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::{client, stop_requested};

pub(super) const ROLE: &str = "pairing.viewer";

/// The pairing viewer: joins with a code, and exchanges data with the host
#[derive(Debug, Args)]
#[command(after_help = client::HELP)]
pub(super) struct PairingViewerArguments {
    #[command(flatten)]
    pub(super) client: client::ReferenceClientArguments,

    /// The code to join with, as shown by the host. If it is refused, the next line of standard input is another one
    #[arg(long)]
    code: Option<String>,
}

impl PairingViewerArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let (options, params, wrapper) = self.client.options(ROLE)?;
        let code = self.code.clone().or(params.code);
        let code = code.ok_or_else(|| CommandError::reference_usage("no code: give --code, as the host shows it"))?;
        let code =
            JoinCode::new(code).ok_or_else(|| CommandError::reference_usage("--code: must have 6 characters"))?;
        let (input, output, stop) = (wrapper.input(stdin()), wrapper.output(stdout()), wrapper.stop(stop_requested()));
        self.client.run(wrapper, async { pairing_viewer(options, code, input, output, stop).await })
    }
}
