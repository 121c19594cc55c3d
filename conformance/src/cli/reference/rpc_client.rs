//! `conformance reference rpc-client`.

use std::collections::BTreeMap;
use std::io::{stdin, stdout};
use std::path::PathBuf;

use clap::Args;
use conformance::scenario::Size;
use relayspec::reconnect::Policy;
use relayspec::rpc::{SMALLEST_LIMIT, SessionStart};
use relayspec_reference::client::PolicyDeviation;
use relayspec_reference::client::rpc::RpcClientOptions;
use relayspec_reference::mutant::RpcClientProxy;
use relayspec_reference::rpc_client;

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::client::{self, CommonArguments};
use super::mutant::MutantOptions;
use super::stop_requested;

pub(super) const ROLE: &str = "rpc.client";

/// The rpc client: makes the calls that it reads line by line
#[derive(Debug, Args)]
#[command(after_help = client::HELP_RPC)]
pub(super) struct RpcClientArguments {
    /// The daemon's socket, such as unix:/run/daemon.sock
    #[arg(long)]
    url: Option<String>,

    /// The id of the session [default: random]
    #[arg(long, value_name = "ID")]
    session_id: Option<String>,

    /// An attribute of the session, besides its working directory; may be repeated
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = attr)]
    attrs: Vec<(String, String)>,

    /// The longest accepted frame
    #[arg(long, value_name = "SIZE", default_value = "16 MiB", value_parser = |text: &str| text.parse::<Size>())]
    max_frame: Size,

    #[command(flatten)]
    common: CommonArguments,

    #[command(flatten)]
    pub(super) mutant: MutantOptions,
}

fn attr(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as shell=zsh")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl RpcClientArguments {
    pub(super) fn run(&self) -> Result<ExitStatus, CommandError> {
        let (url, params) = client::handed_over(self.url.as_ref())?;
        let wrong = || {
            CommandError::reference_usage(format!(
                "--url: invalid address `{url}`: expected one such as `unix:/run/daemon.sock`"
            ))
        };
        let socket = url.strip_prefix("unix:").filter(|path| path.starts_with('/')).ok_or_else(wrong)?;
        let max_frame = usize::try_from(self.max_frame.0).unwrap_or(usize::MAX);
        if max_frame < SMALLEST_LIMIT {
            return Err(CommandError::reference_usage("--max-frame: must be at least 16 MiB (RPC-C9)"));
        }
        let timing = self.common.timing(&params)?;
        let policy = self.common.policy(&params, Policy::RPC)?;
        let mut options = RpcClientOptions {
            socket: PathBuf::from(socket),
            policy,
            timing,
            max_frame,
            deviation: PolicyDeviation::None,
        };
        let wrapper = RpcClientProxy::new(self.mutant.chosen(ROLE)?, &mut options);
        let wrapper = wrapper.map_err(|error| super::server::unreachable(&error))?;
        let session_id = self.session_id.clone().or(params.session_id).map_or_else(client::random_id, Ok)?;
        let (attrs, mut connections) = (self.attrs.clone(), 0);
        let opening = move |now| {
            connections += 1;
            opening(session_id.clone(), &attrs, connections, now)
        };
        let user = self.common.user();
        let (input, output, stop) = (wrapper.input(stdin()), wrapper.output(stdout()), wrapper.stop(stop_requested()));
        let client = rpc_client(options, user, opening, input, output, stop);
        self.common.run(wrapper.run(client))
    }
}

/// The current description of the session.
fn opening(session_id: String, attrs: &[(String, String)], connections: u64, timestamp_ms: u64) -> SessionStart {
    let cwd = std::env::current_dir().unwrap_or_default().display().to_string();
    let mut all = BTreeMap::from([("cwd".to_owned(), cwd), ("connections".to_owned(), connections.to_string())]);
    all.extend(attrs.iter().cloned());
    SessionStart { session_id, parent_session_id: None, timestamp_ms, attrs: all }
}
