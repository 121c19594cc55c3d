//! The arguments of all reference clients. Flags take precedence over the environment.

use std::env;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use conformance::scenario::Size;
use conformance::transport::port;
use relayspec::driver::{PARAMS_VARIABLE, Params, URL_VARIABLE};
use relayspec::reconnect::Policy;
use relayspec::timing::{HumanDuration, Parameter, Timing};
use relayspec_reference::client::Ending;
use relayspec_reference::client::PolicyDeviation;
use relayspec_reference::mutant::ClientProxy;
use relayspec_reference::{Address, ClientOptions, Trust, User};
use tracing_subscriber::filter::LevelFilter;

use super::super::error::CommandError;
use super::super::status::ExitStatus;
use super::mutant::MutantOptions;

/// The longest time that an attempt may take (RECON-12).
const LONGEST_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

macro_rules! help {
    ($($about:literal),+) => {
        concat!(
            $($about, " "),+,
            "Values without a flag are taken from CONFORMANCE_URL and CONFORMANCE_PARAMS.\n\n\
             Exit status: 0 stopped by SIGTERM, SIGINT or the driver; 1 gave up; 2 wrong usage."
        )
    };
}

/// The end of `--help` for clients that exchange lines.
pub(super) const HELP: &str = help!(
    "Without --driver, received data is written to standard output unchanged, each line of standard input is sent, and notices go to standard error.",
    "The end of standard input is ignored unless --end-with-input is given: a client started without a terminal keeps running."
);

/// The end of `--help` for the terminal host.
pub(super) const HELP_HOST: &str = help!(
    "Without --driver, each session is a pseudo terminal with a shell, and standard input is not read.",
    "With it, there are no shells: the driver supplies the output of the sessions."
);

/// The end of `--help` for the terminal viewer.
pub(super) const HELP_VIEWER: &str = help!(
    "Without --driver, this terminal shows a session: keys are sent as they are typed.",
    "Ctrl-] followed by n shows the next session, c opens another, x closes the current one, q ends the viewer."
);

/// The end of `--help` for the rpc client.
pub(super) const HELP_RPC: &str = help!(
    "Without --driver, each line of standard input is a message as JSON, and its answer a line of standard output.",
    "The end of standard input is ignored unless --end-with-input is given: then the client ends when everything is answered."
);

/// The end of `--help` for the tunnel agent.
pub(super) const HELP_AGENT: &str = help!(
    "The token is read from a file or CONFORMANCE_PARAMS, because a command line is visible to all users of the machine.",
    "Standard input is used only by a driver."
);

/// Defaults that differ between clients.
#[derive(Debug)]
pub(super) struct Defaults {
    pub(super) policy: Policy,
    /// The lowest permitted limit for messages (WIRE-07), in bytes.
    pub(super) least: usize,
    /// The default limit, in bytes.
    pub(super) max_message: usize,
}

/// The arguments of WebSocket clients.
#[derive(Debug, Args)]
pub(super) struct ReferenceClientArguments {
    /// The endpoint, such as ws://127.0.0.1:8080/mac, or with wss://
    #[arg(long)]
    url: Option<String>,

    /// With wss://: trust only the certificates in this PEM file
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// How long the server may be silent before it is pinged [default: 30s]
    #[arg(long, value_name = "DURATION")]
    heartbeat_interval: Option<HumanDuration>,

    /// How long it may stay silent after that Ping before it counts as lost [default: 10s]
    #[arg(long, value_name = "DURATION")]
    heartbeat_timeout: Option<HumanDuration>,

    /// The largest accepted message [default: 2 MiB; for a tunnel 24 MiB]
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| text.parse::<Size>())]
    max_message: Option<Size>,

    #[command(flatten)]
    common: CommonArguments,

    #[command(flatten)]
    pub(super) mutant: MutantOptions,
}

/// The arguments of all clients.
#[derive(Debug, Args)]
pub(super) struct CommonArguments {
    /// Use the driver protocol: commands and events as lines of JSON
    #[arg(long)]
    driver: bool,

    /// Stop at the end of standard input, once everything is sent
    #[arg(long, conflicts_with = "driver")]
    end_with_input: bool,

    /// The reconnection policy, such as base=100ms,factor=2,cap=800ms,jitter=0.2,max_attempts=5. Omitted members default to the policy of the
    /// environment or the family
    #[arg(long, value_name = "POLICY")]
    reconnect: Option<String>,

    /// The longest time from the start of an attempt to its success; at most 30s [default: 10s]
    #[arg(long, value_name = "DURATION")]
    connect_timeout: Option<HumanDuration>,

    /// The longest time from a stop to the end of the client [default: 1s]
    #[arg(long, value_name = "DURATION")]
    notify_deadline: Option<HumanDuration>,

    /// The log level on standard error: off, error, warn, info, debug
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: LevelFilter,
}

/// The address, and the parameters in the environment.
pub(super) fn handed_over(url: Option<&String>) -> Result<(String, Params), CommandError> {
    let params = match env::var(PARAMS_VARIABLE) {
        Ok(text) => {
            Params::read(&text).map_err(|error| CommandError::reference_usage(format!("{PARAMS_VARIABLE}: {error}")))?
        }
        Err(_) => Params::default(),
    };
    let url = url.cloned().or_else(|| env::var(URL_VARIABLE).ok());
    let url =
        url.ok_or_else(|| CommandError::reference_usage(format!("no address: give --url, or set {URL_VARIABLE}")))?;
    Ok((url, params))
}

impl ReferenceClientArguments {
    /// The options, and further parameters of the environment.
    pub(super) fn options(&self, role: &'static str) -> Result<(ClientOptions, Params, ClientProxy), CommandError> {
        let (least, max_message) = (1 << 20, 2 << 20);
        self.options_or(role, &Defaults { policy: Policy::RELAY, least, max_message })
    }

    /// The same with other defaults.
    pub(super) fn options_or(
        &self,
        role: &'static str,
        defaults: &Defaults,
    ) -> Result<(ClientOptions, Params, ClientProxy), CommandError> {
        let (url, params) = handed_over(self.url.as_ref())?;
        let address: Address = url.parse().map_err(|error| CommandError::reference_usage(format!("--url: {error}")))?;
        let trust = self.trust(&address)?;
        let mut timing = self.common.timing(&params)?;
        for (parameter, value) in [
            (Parameter::HeartbeatInterval, self.heartbeat_interval),
            (Parameter::HeartbeatTimeout, self.heartbeat_timeout),
        ] {
            if let Some(HumanDuration(value)) = value {
                timing.declare(parameter, value);
            }
        }
        let max_message = self.max_message.map_or(defaults.max_message, super::server::size);
        if max_message < defaults.least {
            let least = Size(defaults.least as u64);
            return Err(CommandError::reference_usage(format!("--max-message: must be at least {least} (WIRE-07)")));
        }
        let (policy, user) = (self.common.policy(&params, defaults.policy)?, self.common.user());
        let mut options =
            ClientOptions { address, trust, policy, timing, max_message, user, deviation: PolicyDeviation::None };
        let chosen = self.mutant.chosen(role)?.map(|chosen| (chosen, port::free(Ipv4Addr::LOCALHOST.into())));
        let wrapper = ClientProxy::new(chosen, &mut options);
        let wrapper = wrapper.map_err(|error| super::server::unreachable(&error))?;
        Ok((options, params, wrapper))
    }

    fn trust(&self, address: &Address) -> Result<Trust, CommandError> {
        match &self.ca_file {
            None => Ok(Trust::default()),
            Some(_) if !address.has_tls() => Err(CommandError::reference_usage("--ca-file: only with wss://")),
            Some(file) => trust_only(file)
                .map_err(|why| CommandError::reference_usage(format!("--ca-file {}: {why}", file.display()))),
        }
    }

    /// Whether a driver controls the client.
    pub(super) fn is_driven(&self) -> bool {
        self.common.driver
    }

    /// Runs a client to its end.
    pub(super) fn run(
        &self,
        wrapper: ClientProxy,
        client: impl Future<Output = Ending>,
    ) -> Result<ExitStatus, CommandError> {
        self.common.run(wrapper.run(client))
    }
}

impl CommonArguments {
    pub(super) fn timing(&self, params: &Params) -> Result<Timing, CommandError> {
        let mut timing = params.timing.clone();
        for (parameter, value) in
            [(Parameter::ConnectTimeout, self.connect_timeout), (Parameter::NotifyDeadline, self.notify_deadline)]
        {
            if let Some(HumanDuration(value)) = value {
                timing.declare(parameter, value);
            }
        }
        if timing.value(Parameter::ConnectTimeout) > LONGEST_CONNECT_TIMEOUT {
            return Err(CommandError::reference_usage("--connect-timeout: at most 30s (RECON-12)"));
        }
        Ok(timing)
    }

    pub(super) fn policy(&self, params: &Params, usual: Policy) -> Result<Policy, CommandError> {
        let wrong = |why: String| CommandError::reference_usage(format!("--reconnect: {why}"));
        // A flag overrides single members of the policy.
        let base = params.reconnect.unwrap_or(usual);
        let policy = self.reconnect.as_deref().map_or(Ok(base), |text| base.with(text));
        let policy = policy.map_err(|error| wrong(error.to_string()))?;
        policy.check().map_err(|breach| wrong(format!("{} ({})", breach.why, breach.requirement)))?;
        Ok(policy)
    }

    pub(super) fn user(&self) -> User {
        match self.driver {
            true => User::Driver,
            false => User::Person { ends_with_input: self.end_with_input },
        }
    }

    /// Runs a client to its end.
    pub(super) fn run(&self, client: impl Future<Output = Ending>) -> Result<ExitStatus, CommandError> {
        super::log(self.log);
        let runtime = super::runtime()?;
        let ending = runtime.block_on(client);
        // Do not wait for a DNS lookup in progress.
        runtime.shutdown_background();
        Ok(match ending {
            Ending::Stopped => ExitStatus::Conforms,
            Ending::GaveUp => ExitStatus::DoesNotConform,
        })
    }
}

fn trust_only(file: &Path) -> Result<Trust, String> {
    let pem = std::fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
    Trust::only(&pem).map_err(|error| error.to_string())
}

/// A random UUID.
pub(super) fn random_id() -> Result<String, CommandError> {
    relayspec_reference::random_id().map_err(|error| CommandError::reference_internal(error.to_string()))
}
