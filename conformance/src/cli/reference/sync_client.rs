//! `conformance reference sync-client`.

use std::io::{stdin, stdout};

use clap::Args;
use relayspec::timing::{HumanDuration, Parameter};
use relayspec_reference::sync_client;

use super::super::exit::{Exit, Failure};
use super::{client, told_to_stop};

pub(super) const ROLE: &str = "sync.client";

/// The sync client: shows the messages of a chat, and sends there what is typed
#[derive(Debug, Args)]
#[group(id = "sync_client")]
#[command(after_help = client::HELP)]
pub(super) struct Client {
    #[command(flatten)]
    pub(super) client: client::Client,

    /// The PIN of the server.
    #[arg(long)]
    pin: Option<String>,

    /// The id of the chat; a driver names those that it wants by itself.
    #[arg(long, value_name = "ID", conflicts_with = "driver")]
    chat: Option<String>,

    /// From a subscription to its answer; 10s unless given.
    #[arg(long, value_name = "DURATION")]
    subscribe_timeout: Option<HumanDuration>,

    /// From a message to its answer; 30s unless given.
    #[arg(long, value_name = "DURATION")]
    request_timeout: Option<HumanDuration>,
}

impl Client {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let (mut options, params, disguise) = self.client.options(ROLE)?;
        for (parameter, value) in
            [(Parameter::SubscribeTimeout, self.subscribe_timeout), (Parameter::RequestTimeout, self.request_timeout)]
        {
            if let Some(HumanDuration(value)) = value {
                options.timing.declare(parameter, value);
            }
        }
        let pin = self.pin.clone().or(params.pin);
        let pin = pin.ok_or_else(|| Failure::usage("no PIN: give --pin, as the server shows it"))?;
        let chat = self.chat.clone();
        let (input, output, stop) = (disguise.input(stdin()), disguise.output(stdout()), disguise.stop(told_to_stop()));
        self.client.run(disguise, async { sync_client(options, pin, chat, input, output, stop).await })
    }
}
