//! What all reference clients are told on the command line, or by the runner in the environment; flags win.

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
use relayspec_reference::client::backoff::Habit;
use relayspec_reference::mutant::ClientProxy;
use relayspec_reference::{Address, ClientOptions, Trust, User};
use tracing_subscriber::filter::LevelFilter;

use super::super::exit::{Exit, Failure};
use super::mutant::MutantOptions;

/// The longest time that an attempt may take (RECON-12).
const LONGEST_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

macro_rules! help {
    ($($about:literal),+) => {
        concat!(
            $($about, " "),+,
            "What is not given as a flag is taken from CONFORMANCE_URL and CONFORMANCE_PARAMS.\n\n\
             Exit status: 0 told to stop, by SIGTERM, SIGINT or the driver; 1 gave up; 2 wrong usage."
        )
    };
}

/// What `--help` says at the end for clients that exchange lines.
pub(super) const HELP: &str = help!(
    "Without --driver, what comes is written to standard output as it is, each line of standard input is sent, and notices go to standard error.",
    "The end of standard input means nothing, unless --end-with-input is given: a client that was started without a terminal goes on."
);

/// What `--help` says at the end for the terminal host.
pub(super) const HELP_HOST: &str = help!(
    "Without --driver, each session is a pseudo terminal in which a shell runs, and standard input is not read.",
    "With it, there are no shells: the driver says what the sessions show."
);

/// What `--help` says at the end for the terminal viewer.
pub(super) const HELP_VIEWER: &str = help!(
    "Without --driver, this terminal is that of the session: keys are sent as they are typed.",
    "Ctrl-] and a letter: n shows the next session, c opens one more, x closes the one that is shown, q ends the viewer."
);

/// What `--help` says at the end for the rpc client.
pub(super) const HELP_RPC: &str = help!(
    "Without --driver, each line of standard input is a message in its JSON form, and its answer a line of standard output.",
    "The end of standard input means nothing, unless --end-with-input is given: then the client ends when all is answered."
);

/// What `--help` says at the end for the tunnel's agent.
pub(super) const HELP_AGENT: &str = help!(
    "The token stands in a file, or comes from CONFORMANCE_PARAMS: the command line can be read by everybody on the machine.",
    "Standard input is for the driver alone."
);

/// What a client does unless it is told otherwise.
#[derive(Debug)]
pub(super) struct Defaults {
    /// How it comes back after a loss.
    pub(super) policy: Policy,
    /// The least that the limit for messages may be (WIRE-07), in bytes.
    pub(super) least: usize,
    /// That limit, in bytes.
    pub(super) max_message: usize,
}

/// What clients at a WebSocket are told.
#[derive(Debug, Args)]
pub(super) struct Client {
    /// The address of the endpoint, as ws://127.0.0.1:8080/mac; also with wss://.
    #[arg(long)]
    url: Option<String>,

    /// With wss://: trust the certificates in this PEM file, and no others.
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// After so much silence of the server it is pinged; 30s unless given.
    #[arg(long, value_name = "DURATION")]
    heartbeat_interval: Option<HumanDuration>,

    /// From that Ping to the loss of a server from which nothing comes; 10s unless given.
    #[arg(long, value_name = "DURATION")]
    heartbeat_timeout: Option<HumanDuration>,

    /// The largest message that is accepted; 2 MiB unless given, of a tunnel 24 MiB.
    #[arg(long, value_name = "SIZE", value_parser = |text: &str| text.parse::<Size>())]
    max_message: Option<Size>,

    #[command(flatten)]
    terms: Terms,

    #[command(flatten)]
    pub(super) mutant: MutantOptions,
}

/// What all clients are told, however their messages travel.
#[derive(Debug, Args)]
pub(super) struct Terms {
    /// Speak the driver protocol: commands and events, a line of JSON each.
    #[arg(long)]
    driver: bool,

    /// End when standard input has ended and all of it was sent.
    #[arg(long, conflicts_with = "driver")]
    end_with_input: bool,

    /// How to come back after a loss: members of a policy, as base=100ms,factor=2,cap=800ms,jitter=0.2,max_attempts=5. What it
    /// leaves out is as in the policy of the family, or as handed over.
    #[arg(long, value_name = "POLICY")]
    reconnect: Option<String>,

    /// From the start of an attempt to its success; 10s unless given, at most 30s.
    #[arg(long, value_name = "DURATION")]
    connect_timeout: Option<HumanDuration>,

    /// Within it the client ends when it is told to; 1s unless given.
    #[arg(long, value_name = "DURATION")]
    notify_deadline: Option<HumanDuration>,

    /// What is logged to standard error: off, error, warn, info, debug.
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log: LevelFilter,
}

/// The address, and what the environment hands over.
pub(super) fn handed_over(url: Option<&String>) -> Result<(String, Params), Failure> {
    let params = match env::var(PARAMS_VARIABLE) {
        Ok(text) => Params::read(&text).map_err(|error| Failure::usage(format!("{PARAMS_VARIABLE}: {error}")))?,
        Err(_) => Params::default(),
    };
    let url = url.cloned().or_else(|| env::var(URL_VARIABLE).ok());
    let url = url.ok_or_else(|| Failure::usage(format!("no address: give --url, or set {URL_VARIABLE}")))?;
    Ok((url, params))
}

impl Client {
    /// The options, and what else the environment hands over.
    pub(super) fn options(&self, role: &'static str) -> Result<(ClientOptions, Params, ClientProxy), Failure> {
        let (least, max_message) = (1 << 20, 2 << 20);
        self.options_or(role, &Defaults { policy: Policy::RELAY, least, max_message })
    }

    /// The same with other defaults.
    pub(super) fn options_or(
        &self,
        role: &'static str,
        defaults: &Defaults,
    ) -> Result<(ClientOptions, Params, ClientProxy), Failure> {
        let (url, params) = handed_over(self.url.as_ref())?;
        let address: Address = url.parse().map_err(|error| Failure::usage(format!("--url: {error}")))?;
        let trust = self.trust(&address)?;
        let mut timing = self.terms.timing(&params)?;
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
            return Err(Failure::usage(format!("--max-message: every receiver accepts at least {least} (WIRE-07)")));
        }
        let (policy, user) = (self.terms.policy(&params, defaults.policy)?, self.terms.user());
        let mut options = ClientOptions { address, trust, policy, timing, max_message, user, habit: Habit::Kept };
        let chosen = self.mutant.chosen(role)?.map(|chosen| (chosen, port::free(Ipv4Addr::LOCALHOST.into())));
        let disguise = ClientProxy::new(chosen, &mut options);
        let disguise = disguise.map_err(|error| super::server::unreachable(&error))?;
        Ok((options, params, disguise))
    }

    fn trust(&self, address: &Address) -> Result<Trust, Failure> {
        match &self.ca_file {
            None => Ok(Trust::default()),
            Some(_) if !address.has_tls() => Err(Failure::usage("--ca-file: the address is one without TLS")),
            Some(file) => {
                trust_only(file).map_err(|why| Failure::usage(format!("--ca-file {}: {why}", file.display())))
            }
        }
    }

    /// Whether a driver says what to do.
    pub(super) fn is_driven(&self) -> bool {
        self.terms.driver
    }

    /// Runs a client to its end.
    pub(super) fn run(&self, disguise: ClientProxy, client: impl Future<Output = Ending>) -> Result<Exit, Failure> {
        self.terms.run(disguise.run(client))
    }
}

impl Terms {
    /// The timing parameters.
    pub(super) fn timing(&self, params: &Params) -> Result<Timing, Failure> {
        let mut timing = params.timing.clone();
        for (parameter, value) in
            [(Parameter::ConnectTimeout, self.connect_timeout), (Parameter::NotifyDeadline, self.notify_deadline)]
        {
            if let Some(HumanDuration(value)) = value {
                timing.declare(parameter, value);
            }
        }
        if timing.value(Parameter::ConnectTimeout) > LONGEST_CONNECT_TIMEOUT {
            return Err(Failure::usage("--connect-timeout: at most 30s (RECON-12)"));
        }
        Ok(timing)
    }

    /// How to come back after a loss.
    pub(super) fn policy(&self, params: &Params, usual: Policy) -> Result<Policy, Failure> {
        let wrong = |why: String| Failure::usage(format!("--reconnect: {why}"));
        // Member by member: a flag says nothing of what it leaves out.
        let handed_over = params.reconnect.unwrap_or(usual);
        let policy = self.reconnect.as_deref().map_or(Ok(handed_over), |text| handed_over.with(text));
        let policy = policy.map_err(|error| wrong(error.to_string()))?;
        policy.check().map_err(|breach| wrong(format!("{} ({})", breach.why, breach.requirement)))?;
        Ok(policy)
    }

    /// Who is at the other side.
    pub(super) fn user(&self) -> User {
        match self.driver {
            true => User::Driver,
            false => User::Person { ends_with_input: self.end_with_input },
        }
    }

    /// Runs a client to its end.
    pub(super) fn run(&self, client: impl Future<Output = Ending>) -> Result<Exit, Failure> {
        super::log(self.log);
        let runtime = super::runtime()?;
        let ending = runtime.block_on(client);
        // A look-up of a name may still be under way, which nobody waits for any more.
        runtime.shutdown_background();
        Ok(match ending {
            Ending::Stopped => Exit::Conforms,
            Ending::GaveUp => Exit::DoesNotConform,
        })
    }
}

fn trust_only(file: &Path) -> Result<Trust, String> {
    let pem = std::fs::read(file).map_err(|error| format!("cannot be read: {error}"))?;
    Trust::only(&pem).map_err(|error| error.to_string())
}

/// An id that no other client has.
pub(super) fn random_id() -> Result<String, Failure> {
    relayspec_reference::random_id().map_err(|error| Failure::harness(error.to_string()))
}
