//! `conformance reference pairing-host`.

use std::io::{stdin, stdout};

use clap::Args;
use relayspec::text::Uuid;
use relayspec_reference::pairing_host;

use super::super::exit::{Exit, Failure};
use super::{client, told_to_stop};

/// The pairing host: prints its code, and exchanges data with whoever joins
#[derive(Debug, Args)]
#[command(after_help = client::HELP)]
pub(super) struct Host {
    #[command(flatten)]
    client: client::Client,

    /// The host's own id, a UUID; where it is given, the host sends `register`.
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    client_id: Option<Uuid>,
}

fn uuid(text: &str) -> Result<Uuid, String> {
    Uuid::new(text).ok_or_else(|| "a UUID has 32 hexadecimal digits with four hyphens".to_owned())
}

impl Host {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let (options, _) = self.client.options()?;
        self.client
            .run(async { pairing_host(options, self.client_id.clone(), stdin(), stdout(), told_to_stop()).await })
    }
}
