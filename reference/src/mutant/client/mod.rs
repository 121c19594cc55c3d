//! Mutants that clients of all families share: coming back, stopping, the wire, and what the driver is told.

pub(super) mod driver;
pub(super) mod place;
mod table;
mod wire;

pub(super) use place::{EVENTS, PLACES, Place, RETURNS};
pub(super) use table::{JITTER, SHARED, WIRE};
pub(super) use wire::Wire;

use std::future::pending;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use relayspec::reconnect::Policy;
use relayspec::timing::{Parameter, Timing};

use super::{Chosen, Middleman};
use crate::client::Ending;
use crate::client::backoff::PolicyDeviation;
use crate::net::client::ClientOptions;

/// What stands between a client with a mutant and its server, its user and the system.
#[derive(Debug)]
pub struct Disguise {
    worn: Worn,
    /// Who stands in the middle, and the server.
    middle: Option<(Middleman, SocketAddr)>,
}

/// What stands between a client and its user, and the system.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worn(pub(super) Option<Chosen>);

/// A client cannot be started with a mutant.
#[derive(Debug, thiserror::Error)]
pub enum NoDisguise {
    /// Frames cannot be seen.
    #[error("a client with a mutant talks to ws:// addresses alone")]
    Tls,
    /// The address leads nowhere.
    #[error("the server's address cannot be looked up")]
    Address(#[source] io::Error),
    /// Nobody can stand in the middle.
    #[error("no port for who stands in the middle")]
    Port(#[source] super::NoMiddleman),
}

impl Disguise {
    /// Has a client with a mutant connect to who stands in the middle, at the address beside the mutant, and live by the habits that the mutant has.
    ///
    /// # Errors
    /// Where the server cannot be found, or speaks TLS, or the address is not free.
    pub fn new(chosen: Option<(Chosen, SocketAddr)>, options: &mut ClientOptions) -> Result<Self, NoDisguise> {
        let worn = Worn(chosen.map(|(chosen, _)| chosen));
        let Some((chosen, middle)) = chosen else { return Ok(Self { worn, middle: None }) };
        if options.address.has_tls() {
            return Err(NoDisguise::Tls);
        }
        let server = options.address.look_up().map_err(NoDisguise::Address)?;
        let mut middleman = Middleman::bind(middle, chosen).map_err(NoDisguise::Port)?;
        middleman.set_patience(options.timing.value(Parameter::ConnectTimeout));
        options.address.redirect(middleman.local_addr());
        adjust(chosen.mutant.name, &mut options.policy, &mut options.timing, &mut options.deviation);
        Ok(Self { worn, middle: Some((middleman, server)) })
    }

    /// What the client's user gives, as the client hears it.
    pub fn input(&self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        self.worn.input(input)
    }

    /// What the client's user is told, of what the client says.
    pub fn output(&self, output: impl Write + Send + 'static) -> Box<dyn Write + Send> {
        self.worn.output(output)
    }

    /// When the client hears that it has to stop.
    pub fn stop<F: Future<Output = ()>>(&self, told: F) -> impl Future<Output = ()> + use<F> {
        self.worn.stop(told)
    }

    /// Runs a client; how it ends, as the system is told.
    pub async fn wear(self, client: impl Future<Output = Ending>) -> Ending {
        let Some((middleman, server)) = self.middle else { return client.await };
        let ending = middleman.serve(server, client).await;
        self.worn.ending(ending, || _ = TcpStream::connect(server))
    }
}

impl Worn {
    pub(super) fn input(self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        match self.0 {
            Some(chosen) => {
                Box::new(driver::Input::new(input, move |line| driver::commanded(chosen.mutant.name, line)))
            }
            None => Box::new(input),
        }
    }

    pub(super) fn output(self, output: impl Write + Send + 'static) -> Box<dyn Write + Send> {
        match self.0 {
            Some(chosen) => Box::new(driver::Output::new(output, chosen)),
            None => Box::new(output),
        }
    }

    pub(super) async fn stop(self, told: impl Future<Output = ()>) {
        told.await;
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
            (Some("attempt-after-stop"), Ending::Stopped) | (Some("knocks-after-a-refusal"), Ending::GaveUp) => {
                dial();
                ending
            }
            _ => ending,
        }
    }
}

/// Other habits than the client says that it has.
pub(super) fn adjust(mutant: &str, policy: &mut Policy, timing: &mut Timing, deviation: &mut PolicyDeviation) {
    match mutant {
        "no-backoff" => (policy.base, policy.factor) = (Duration::from_millis(1), 1.0),
        "constant-delay" => policy.factor = 1.0,
        // Jitter would hide it now and then.
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
