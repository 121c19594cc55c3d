//! Mutants that the clients of all families share: reconnection, stopping, frames, and the driver protocol.

pub(super) mod driver;
pub(super) mod position;
mod table;
mod wire;

pub(super) use position::{EVENTS, PLACES, PositionMutant, RETURNS};
pub(super) use table::{JITTER, SHARED, WIRE};
pub(super) use wire::WireMutant;

use std::future::pending;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};

use super::{MutantProxy, SelectedMutant};
use crate::client::Ending;
use crate::client::backoff::PolicyDeviation;
use crate::net::client::ClientOptions;

/// A proxy between a client with a mutant and its server, user and system.
#[derive(Debug)]
pub struct ClientProxy {
    effects: ClientEffects,
    /// The proxy and the server.
    middle: Option<(MutantProxy, SocketAddr)>,
}

/// The mutant's effects on commands, events and exit status.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientEffects(pub(super) Option<SelectedMutant>);

/// Why a client cannot run with a mutant.
#[derive(Debug, thiserror::Error)]
pub enum ClientProxyError {
    /// The frames are encrypted.
    #[error("a client with a mutant supports only ws:// addresses")]
    Tls,
    /// The server's address is invalid.
    #[error("the server's address cannot be looked up")]
    Address(#[source] io::Error),
    /// The proxy cannot listen.
    #[error("no port for the proxy of the mutant")]
    Port(#[source] super::MutantProxyError),
}

impl ClientProxy {
    /// Lets a client connect to the proxy, and applies the mutant's policy. Fails if the server uses TLS or is not found, or if the proxy's address is taken.
    pub fn new(
        chosen: Option<(SelectedMutant, SocketAddr)>,
        options: &mut ClientOptions,
    ) -> Result<Self, ClientProxyError> {
        let effects = ClientEffects(chosen.map(|(chosen, _)| chosen));
        let Some((chosen, middle)) = chosen else { return Ok(Self { effects, middle: None }) };
        if options.address.has_tls() {
            return Err(ClientProxyError::Tls);
        }
        let server = options.address.look_up().map_err(ClientProxyError::Address)?;
        let mut proxy = MutantProxy::bind(middle, chosen).map_err(ClientProxyError::Port)?;
        proxy.set_patience(options.timing.value(Parameter::ConnectTimeout));
        options.address.redirect(proxy.local_addr());
        adjust(chosen.mutant.name, &mut options.policy, &mut options.timing, &mut options.deviation);
        Ok(Self { effects, middle: Some((proxy, server)) })
    }

    /// The commands for the client.
    pub fn input(&self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        self.effects.input(input)
    }

    /// The events of the client.
    pub fn output(&self, output: impl Write + Send + 'static) -> Box<dyn Write + Send> {
        self.effects.output(output)
    }

    /// Completes when the client is to stop.
    pub fn stop<F: Future<Output = ()>>(&self, stopped: F) -> impl Future<Output = ()> + use<F> {
        self.effects.stop(stopped)
    }

    /// Runs a client; returns how it ended.
    pub async fn run(self, client: impl Future<Output = Ending>) -> Ending {
        let Some((proxy, server)) = self.middle else { return client.await };
        let ending = proxy.serve(server, client).await;
        self.effects.ending(ending, || _ = TcpStream::connect(server))
    }
}

impl ClientEffects {
    pub(super) fn input(self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        match self.0 {
            Some(chosen) => {
                Box::new(driver::CommandInput::new(input, move |line| driver::commanded(chosen.mutant.name, line)))
            }
            None => Box::new(input),
        }
    }

    pub(super) fn output(self, output: impl Write + Send + 'static) -> Box<dyn Write + Send> {
        match self.0 {
            Some(chosen) => Box::new(driver::EventOutput::new(output, chosen)),
            None => Box::new(output),
        }
    }

    pub(super) async fn stop(self, stopped: impl Future<Output = ()>) {
        stopped.await;
        match self.0.map(|chosen| chosen.mutant.name) {
            Some("ignores-sigterm") => pending().await,
            Some("stops-slowly") => tokio::time::sleep(Duration::from_secs(2)).await,
            _ => {}
        }
    }

    pub(super) fn ending(self, ending: Ending, dial: impl FnOnce()) -> Ending {
        match (self.0.map(|chosen| chosen.mutant.name), ending) {
            (Some("stops-with-1"), Ending::Stopped) => Ending::GaveUp,
            (Some("gives-up-with-0"), Ending::GaveUp) => Ending::Stopped,
            (Some("attempt-after-stop"), Ending::Stopped) | (Some("attempts-after-a-refusal"), Ending::GaveUp) => {
                dial();
                ending
            }
            _ => ending,
        }
    }
}

/// Applies another policy or timing than declared.
pub(super) fn adjust(mutant: &str, policy: &mut Policy, timing: &mut Timing, deviation: &mut PolicyDeviation) {
    match mutant {
        "no-backoff" => (policy.base, policy.factor) = (Duration::from_millis(1), 1.0),
        "constant-delay" => policy.factor = 1.0,
        // Jitter would hide it at times.
        "grows-by-1.5" => (policy.factor, policy.jitter) = (1.5, 0.0),
        "cap-one-step-early" => policy.cap = policy.cap.div_f64(policy.factor),
        "no-cap" => policy.cap = Duration::from_secs(3600),
        "late-by-a-third" => {
            policy.base = policy.base.mul_f64(4.0 / 3.0);
            policy.cap = policy.cap.mul_f64(4.0 / 3.0);
        }
        "no-jitter" => policy.jitter = 0.0,
        "seeded-alike" => *deviation = PolicyDeviation::SharesJitter,
        "first-too-early" => *deviation = PolicyDeviation::ShortensFirstDelay,
        "resets-on-connection" => *deviation = PolicyDeviation::ResetsOnConnection,
        "never-resets" => *deviation = PolicyDeviation::NeverResets,
        "counts-losses" => *deviation = PolicyDeviation::CountsLosses,
        "counts-for-ever" => *deviation = PolicyDeviation::NeverClearsFailures,
        "never-gives-up" => policy.max_attempts = None,
        "gives-up-late" => policy.max_attempts = policy.max_attempts.map(|most| most + 1),
        "gives-up-early" => policy.max_attempts = policy.max_attempts.map(|most| most.saturating_sub(1).max(1)),
        "hangs" | "hangs-without-success" => timing.declare(Parameter::ConnectTimeout, Duration::from_secs(3600)),
        "patient-with-the-cloud" | "impatient-with-the-cloud" => {
            let factor = if mutant.starts_with("im") { 0.2 } else { 2.0 };
            let patience = timing.value(Parameter::HeartbeatTimeout).mul_f64(factor);
            timing.declare(Parameter::HeartbeatTimeout, patience);
        }
        "patient" => {
            let patience = timing.value(Parameter::ConnectTimeout).mul_f64(1.3);
            timing.declare(Parameter::ConnectTimeout, patience);
        }
        _ => {}
    }
}
