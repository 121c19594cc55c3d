//! `conformance reference tunnel-agent`.

use std::io::{stdin, stdout};
use std::path::PathBuf;

use clap::Args;
use relayspec::driver::Params;
use relayspec::reconnect::Policy;
use relayspec::timing::{HumanDuration, Parameter};
use relayspec::tunnel::LEAST_MESSAGE;
use relayspec_reference::client::LocalOrigin;
use relayspec_reference::tunnel::{Encoding, Token};
use relayspec_reference::{TunnelAgentOptions, tunnel_agent};

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::client::Defaults;
use super::{client, stop_requested, tokens};

pub(super) const ROLE: &str = "tunnel.agent";

/// The tunnel agent: forwards public requests to a local server
#[derive(Debug, Args)]
#[command(after_help = client::HELP_AGENT)]
pub(super) struct TunnelAgentArguments {
    #[command(flatten)]
    pub(super) client: client::ReferenceClientArguments,

    /// The local server, such as http://127.0.0.1:3000. Requests never go elsewhere
    #[arg(long, value_name = "ORIGIN")]
    local: Option<String>,

    /// A file whose first line is the token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// The encoding of the first message: json or messagepack
    #[arg(long, value_name = "ENCODING", default_value = "messagepack")]
    encoding: Encoding,

    /// How long the local server may take for a complete answer [default: 30s]
    #[arg(long, value_name = "DURATION")]
    request_timeout: Option<HumanDuration>,
}

impl TunnelAgentArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let defaults = Defaults { policy: Policy::TUNNEL, least: LEAST_MESSAGE, max_message: LEAST_MESSAGE };
        let (mut options, params, wrapper) = self.client.options_or(ROLE, &defaults)?;
        if let Some(HumanDuration(timeout)) = self.request_timeout {
            options.timing.declare(Parameter::RequestTimeout, timeout);
        }
        let agent =
            TunnelAgentOptions { token: self.token(&params)?, local: self.local(&params)?, encoding: self.encoding };
        let (input, output, stop) = (wrapper.input(stdin()), wrapper.output(stdout()), wrapper.stop(stop_requested()));
        self.client.run(wrapper, async { tunnel_agent(options, agent, input, output, stop).await })
    }

    fn token(&self, params: &Params) -> Result<Token, CommandError> {
        let of_file = self.token_file.as_deref().map(tokens).transpose()?.and_then(|tokens| tokens.first().cloned());
        let token = of_file.or_else(|| params.token.clone().map(Token::new));
        token.ok_or_else(|| CommandError::reference_usage("no token: give --token-file"))
    }

    fn local(&self, params: &Params) -> Result<LocalOrigin, CommandError> {
        let local = self.local.as_ref().or(params.local_url.as_ref());
        let local = local
            .ok_or_else(|| CommandError::reference_usage("no local server: give --local, as http://127.0.0.1:3000"))?;
        local.parse().map_err(|error| CommandError::reference_usage(format!("--local: {error}")))
    }
}
