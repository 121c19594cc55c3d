//! `conformance reference sync-client`.

use std::io::{stdin, stdout};

use clap::Args;
use relayspec::timing::{HumanDuration, Parameter};
use relayspec_reference::sync_client;

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::{client, stop_requested};

pub(super) const ROLE: &str = "sync.client";

/// The sync client: shows the messages of a chat, and sends each typed line to it
#[derive(Debug, Args)]
#[group(id = "sync_client")]
#[command(after_help = client::HELP)]
pub(super) struct SyncClientArguments {
    #[command(flatten)]
    pub(super) client: client::ReferenceClientArguments,

    /// The server's PIN
    #[arg(long)]
    pin: Option<String>,

    /// The id of the chat; a driver subscribes by itself
    #[arg(long, value_name = "ID", conflicts_with = "driver")]
    chat: Option<String>,

    /// How long a subscription may take [default: 10s]
    #[arg(long, value_name = "DURATION")]
    subscribe_timeout: Option<HumanDuration>,

    /// How long a message may take to be confirmed [default: 30s]
    #[arg(long, value_name = "DURATION")]
    request_timeout: Option<HumanDuration>,
}

impl SyncClientArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let (mut options, params, wrapper) = self.client.options(ROLE)?;
        for (parameter, value) in
            [(Parameter::SubscribeTimeout, self.subscribe_timeout), (Parameter::RequestTimeout, self.request_timeout)]
        {
            if let Some(HumanDuration(value)) = value {
                options.timing.declare(parameter, value);
            }
        }
        let pin = self.pin.clone().or(params.pin);
        let pin = pin.ok_or_else(|| CommandError::reference_usage("no PIN: give --pin, as the server shows it"))?;
        let chat = self.chat.clone();
        let (input, output, stop) = (wrapper.input(stdin()), wrapper.output(stdout()), wrapper.stop(stop_requested()));
        self.client.run(wrapper, async { sync_client(options, pin, chat, input, output, stop).await })
    }
}
