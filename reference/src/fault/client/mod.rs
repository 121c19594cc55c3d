//! Faults that clients of all families share: coming back, stopping, the wire, and what the driver is told.

mod driver;
mod table;
mod wire;

pub(super) use table::{FAULTS, JITTER};
pub(super) use wire::Wire;

use std::future::pending;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use relayspec::timing::Parameter;

use super::{Chosen, Fault, Middleman};
use crate::client::Ending;
use crate::client::backoff::Habit;
use crate::net::client::ClientOptions;

/// What stands between a client with a fault and its server, its user and the system.
#[derive(Debug, Default)]
pub struct Disguise(Option<Worn>);

#[derive(Debug)]
struct Worn {
    chosen: Chosen,
    middleman: Middleman,
    server: SocketAddr,
}

/// A client cannot be started with a fault.
#[derive(Debug, thiserror::Error)]
pub enum NoDisguise {
    /// Frames cannot be seen.
    #[error("a client with a fault talks to ws:// addresses alone")]
    Tls,
    /// The address leads nowhere.
    #[error("the server's address cannot be looked up")]
    Address(#[source] io::Error),
    /// Nobody can stand in the middle.
    #[error("no port for who stands in the middle")]
    Port(#[source] super::NoMiddleman),
}

impl Disguise {
    /// Has a client connect to who stands in the middle, and live by the habits that the fault has.
    ///
    /// # Errors
    /// Where the server cannot be found, or speaks TLS.
    pub fn new(chosen: Option<Chosen>, options: &mut ClientOptions) -> Result<Self, NoDisguise> {
        let Some(chosen) = chosen else { return Ok(Self(None)) };
        if options.address.has_tls() {
            return Err(NoDisguise::Tls);
        }
        let server = options.address.look_up().map_err(NoDisguise::Address)?;
        let mut middleman = Middleman::bind(([127, 0, 0, 1], 0).into(), chosen).map_err(NoDisguise::Port)?;
        let patience = options.timing.value(Parameter::ConnectTimeout);
        middleman.set_patience(patience);
        options.address.redirect(middleman.local_addr());
        adjust(chosen.fault.name, options);
        Ok(Self(Some(Worn { chosen, middleman, server })))
    }

    /// What the client's user gives, as the client hears it.
    pub fn input(&self, input: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        match &self.0 {
            Some(worn) => Box::new(driver::Input::new(input, worn.chosen)),
            None => Box::new(input),
        }
    }

    /// What the client's user is told, of what the client says.
    pub fn output(&self, output: impl Write + Send + 'static) -> Box<dyn Write + Send> {
        match &self.0 {
            Some(worn) => Box::new(driver::Output::new(output, worn.chosen)),
            None => Box::new(output),
        }
    }

    /// When the client hears that it has to stop.
    pub fn stop<F: Future<Output = ()>>(&self, told: F) -> impl Future<Output = ()> + use<F> {
        let name = self.0.as_ref().map(|worn| worn.chosen.fault.name);
        async move {
            told.await;
            match name {
                Some("ignores-sigterm") => pending().await,
                Some("stops-slowly") => tokio::time::sleep(Duration::from_secs(2)).await,
                _ => {}
            }
        }
    }

    /// Runs a client; how it ends, as the system is told.
    pub async fn wear(self, client: impl Future<Output = Ending>) -> Ending {
        let Some(Worn { chosen, middleman, server }) = self.0 else { return client.await };
        let ending = middleman.serve(server, client).await;
        match (chosen.fault.name, ending) {
            ("stops-with-1", Ending::Stopped) => Ending::GaveUp,
            ("gives-up-with-0", Ending::GaveUp) => Ending::Stopped,
            ("attempt-after-stop", Ending::Stopped) => {
                _ = TcpStream::connect(server);
                ending
            }
            _ => ending,
        }
    }
}

/// Other habits than the client says that it has.
fn adjust(fault: &str, options: &mut ClientOptions) {
    let ClientOptions { policy, timing, habit, .. } = options;
    match fault {
        "no-backoff" => (policy.base, policy.factor) = (Duration::from_millis(1), 1.0),
        "constant-delay" => policy.factor = 1.0,
        "grows-by-1.5" => policy.factor = 1.5,
        "cap-one-step-early" => policy.cap = policy.cap.div_f64(policy.factor),
        "no-cap" => policy.cap = Duration::from_secs(3600),
        "late-by-a-third" => {
            policy.base = policy.base.mul_f64(4.0 / 3.0);
            policy.cap = policy.cap.mul_f64(4.0 / 3.0);
        }
        "no-jitter" => policy.jitter = 0.0,
        "seeded-alike" => *habit = Habit::RollsAlike,
        "first-too-early" => *habit = Habit::HurriesFirst,
        "resets-on-connection" => *habit = Habit::ResetsOnConnection,
        "never-resets" => *habit = Habit::NeverResets,
        "counts-losses" => *habit = Habit::CountsLosses,
        "counts-for-ever" => *habit = Habit::CountsForEver,
        "never-gives-up" => policy.max_attempts = None,
        "gives-up-late" => policy.max_attempts = policy.max_attempts.map(|most| most + 1),
        "gives-up-early" => policy.max_attempts = policy.max_attempts.map(|most| most.saturating_sub(1).max(1)),
        "hangs" | "hangs-without-success" => timing.declare(Parameter::ConnectTimeout, Duration::from_secs(3600)),
        "patient" => {
            let patience = timing.value(Parameter::ConnectTimeout).mul_f64(1.3);
            timing.declare(Parameter::ConnectTimeout, patience);
        }
        _ => {}
    }
}

/// Whether clients of all families have a fault.
pub(super) fn shares(fault: &Fault) -> bool {
    FAULTS.iter().chain(JITTER).any(|shared| std::ptr::eq(shared, fault))
}
