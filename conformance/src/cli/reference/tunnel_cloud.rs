//! `conformance reference tunnel-cloud`.

use std::path::{Path, PathBuf};

use clap::Args;
use conformance::scenario::Size;
use relayspec::timing::{HumanDuration, Parameter, Timing};
use relayspec_reference::{TunnelCloud, TunnelOptions};

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::{server, tokens};

pub(super) const ROLE: &str = "tunnel.cloud";

/// The tunnel cloud: agents connect to /tunnel, the public to a port of its own
#[derive(Debug, Args)]
pub(super) struct TunnelCloudArguments {
    #[command(flatten)]
    pub(super) server: server::ReferenceServerArguments,

    /// The public port; 0 lets the system choose
    #[arg(long, value_name = "PORT", required_unless_present = "list_mutants")]
    public_port: Option<u16>,

    /// A file with the accepted tokens, one per line
    #[arg(long, value_name = "FILE", required_unless_present = "list_mutants")]
    token_file: Option<PathBuf>,

    /// How long an agent may take for its `Auth`
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    auth_timeout: HumanDuration,

    /// How long an answer may take
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    request_timeout: HumanDuration,

    /// The largest body of a public request; at least 16 MiB
    #[arg(long, value_name = "SIZE", default_value = "16 MiB", value_parser = |text: &str| text.parse::<Size>())]
    max_body: Size,

    /// The most requests in flight at all agents; further ones get 503
    #[arg(long, value_name = "NUMBER", default_value_t = 4000)]
    max_requests: usize,

    /// The most requests in flight at one agent; further ones get 503
    #[arg(long, value_name = "NUMBER", default_value_t = 1000)]
    max_requests_per_agent: usize,

    /// The most request bodies kept for one agent; further uploads wait
    #[arg(long, value_name = "SIZE", default_value = "8 MiB", value_parser = |text: &str| text.parse::<Size>())]
    max_unsent: Size,

    /// The most unread answers kept for public clients; further ones are replaced by 503
    #[arg(long, value_name = "SIZE", default_value = "256 MiB", value_parser = |text: &str| text.parse::<Size>())]
    max_unread: Size,
}

impl TunnelCloudArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let mut timing = Timing::default();
        timing.declare(Parameter::AuthTimeout, self.auth_timeout.0);
        timing.declare(Parameter::RequestTimeout, self.request_timeout.0);
        let entry = self.server.entry_point(ROLE)?;
        let public = self.server.entry_point_at(self.public_port, ROLE)?.of_public();
        let mut options = TunnelOptions::new(tokens(self.token_file.as_deref().unwrap_or(Path::new("")))?);
        options.agents = self.server.options(timing, &options.agents, &entry);
        options.public = public.server_address();
        options.max_body = server::size(self.max_body);
        options.max_unsent = server::size(self.max_unsent);
        options.max_unread = server::size(self.max_unread);
        (options.limits.of_all, options.limits.of_one) = (self.max_requests, self.max_requests_per_agent);
        self.server.run(async {
            let cloud = TunnelCloud::bind(options).await?;
            let (address, public_address, stop) = (cloud.local_addr(), cloud.public_addr(), entry.stop());
            anstream::println!("the public at http://{}", public.address(public_address));
            entry.open(address, public.pass(public_address, cloud.serve(stop))).await;
            Ok(())
        })
    }
}
