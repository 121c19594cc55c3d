//! `conformance reference tunnel-cloud`.

use std::path::{Path, PathBuf};

use clap::Args;
use conformance::scenario::Size;
use relayspec::timing::{HumanDuration, Parameter, Timing};
use relayspec_reference::{TunnelCloud, TunnelOptions};

use super::super::exit::{Exit, Failure};
use super::{server, tokens};

pub(super) const ROLE: &str = "tunnel.cloud";

/// The tunnel's cloud: agents connect to /tunnel, the public to a port of its own
#[derive(Debug, Args)]
pub(super) struct Cloud {
    #[command(flatten)]
    pub(super) server: server::Server,

    /// The port of the public; 0 lets the system choose one.
    #[arg(long, value_name = "PORT", required_unless_present = "list_mutants")]
    public_port: Option<u16>,

    /// A file with the tokens that agents authenticate with, one on each line.
    #[arg(long, value_name = "FILE", required_unless_present = "list_mutants")]
    token_file: Option<PathBuf>,

    /// From the opening of an agent's connection to its closing when no `Auth` has come.
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    auth_timeout: HumanDuration,

    /// From a request to the end of its answer.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    request_timeout: HumanDuration,

    /// The largest body of a public request; at least 16 MiB.
    #[arg(long, value_name = "SIZE", default_value = "16 MiB", value_parser = |text: &str| text.parse::<Size>())]
    max_body: Size,

    /// How many requests may be under way at all agents; beyond it the answer is 503.
    #[arg(long, value_name = "NUMBER", default_value_t = 4000)]
    max_requests: usize,

    /// How many requests may be under way at one agent; beyond it the answer is 503.
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    max_requests_per_agent: usize,

    /// How much of request bodies is kept for one agent; other uploads wait for room.
    #[arg(long, value_name = "SIZE", default_value = "8 MiB", value_parser = |text: &str| text.parse::<Size>())]
    max_unsent: Size,

    /// How much of answers is kept for public clients; beyond it the answer is 503.
    #[arg(long, value_name = "SIZE", default_value = "256 MiB", value_parser = |text: &str| text.parse::<Size>())]
    max_unread: Size,
}

impl Cloud {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let mut timing = Timing::default();
        timing.declare(Parameter::AuthTimeout, self.auth_timeout.0);
        timing.declare(Parameter::RequestTimeout, self.request_timeout.0);
        let (door, public) = (self.server.door(ROLE)?, self.server.door_at(self.public_port, ROLE)?.of_public());
        let mut options = TunnelOptions::new(tokens(self.token_file.as_deref().unwrap_or(Path::new("")))?);
        options.agents = self.server.options(timing, &options.agents, &door);
        options.public = public.behind();
        options.max_body = server::size(self.max_body);
        options.max_unsent = server::size(self.max_unsent);
        options.max_unread = server::size(self.max_unread);
        (options.limits.of_all, options.limits.of_one) = (self.max_requests, self.max_requests_per_agent);
        self.server.run(async {
            let cloud = TunnelCloud::bind(options).await?;
            let (address, public_address, stop) = (cloud.local_addr(), cloud.public_addr(), door.stop());
            anstream::println!("the public at http://{}", public.address(public_address));
            door.open(address, public.pass(public_address, cloud.serve(stop))).await;
            Ok(())
        })
    }
}
