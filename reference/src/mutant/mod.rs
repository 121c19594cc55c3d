//! Mutants: references that break one named requirement each, to prove that the judge can fail.
//!
//! A mutant stands between a reference and its peers: it passes on what goes over the wire and what a driver hears, but for one deviation; or it has the
//! reference run by other values than it says. Without one, whoever stands there changes nothing. A judge that passes a mutant is
//! blind to the requirement, and a judge that blames another requirement is wrong.

mod after;
mod client;
mod direction;
mod flow;
mod framing;
mod link;
mod middle;
mod place;
mod visit;
mod wire;

mod pairing;
mod rpc;
mod seen;
mod sync;
mod terminal;
mod tunnel;

pub use client::{Disguise, NoDisguise};
pub use middle::{Middleman, NoMiddleman};
pub use rpc::{DaemonDoor, NoDoor, RpcDisguise};

use std::fmt;
use std::time::Duration;

use link::Link;
use relayspec::timing::{Parameter, Timing};

/// One deviation from the specification.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// Its name, as `expired-as-unknown`; no other of the same role has it.
    pub name: &'static str,
    /// The requirements that it breaks, the first of them above all; none where it goes wrong at a place.
    pub breaks: &'static [&'static str],
    /// Requirements that are broken in consequence: what they ask for builds on what is broken.
    pub causes: &'static [&'static str],
    /// Whether nearly everything builds on what is broken, so that any requirement may be.
    pub cascading: bool,
    /// What it does, in a line.
    pub line: &'static str,
    /// Whether clients of all families have it.
    is_shared: bool,
    /// Whether it goes wrong at a place, whatever is asked for there: it breaks no requirement of its own.
    pub is_by_place: bool,
}

impl Mutant {
    const fn new(name: &'static str, breaks: &'static [&'static str], line: &'static str) -> Self {
        Self { name, breaks, causes: &[], cascading: false, line, is_shared: false, is_by_place: false }
    }

    const fn shared(name: &'static str, breaks: &'static [&'static str], line: &'static str) -> Self {
        Self { is_shared: true, ..Self::new(name, breaks, line) }
    }

    const fn at_place(name: &'static str, line: &'static str) -> Self {
        Self { is_by_place: true, cascading: true, ..Self::shared(name, &[], line) }
    }

    const fn causing(mut self, causes: &'static [&'static str]) -> Self {
        self.causes = causes;
        self
    }

    const fn starving(mut self) -> Self {
        self.cascading = true;
        self
    }

    /// Whether a check of a requirement may blame the mutant.
    #[must_use]
    pub fn may_break(&self, requirement: &str) -> bool {
        self.cascading || self.breaks.iter().chain(self.causes).any(|one| *one == requirement)
    }
}

/// The mutants of a role.
#[derive(Debug)]
pub struct Mutants {
    /// The role, as `pairing.relay`.
    pub role: &'static str,
    tables: &'static [&'static [&'static [Mutant]]],
}

impl Mutants {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &'static Mutant> {
        self.tables.iter().flat_map(|tables| tables.iter()).flat_map(|table| table.iter())
    }
}

/// Mutants of any client at a WebSocket.
const CLIENT: &[&[Mutant]] = &[client::SHARED, client::WIRE, client::EVENTS, client::RETURNS, client::PLACES];
/// Of those whose reference declares jitter where it is judged.
const VARYING: &[&[Mutant]] =
    &[client::SHARED, client::WIRE, client::JITTER, client::EVENTS, client::RETURNS, client::PLACES];

/// All mutants, by role.
pub static ALL: &[Mutants] = &[
    Mutants { role: "pairing.relay", tables: &[pairing::relay::MUTANTS] },
    Mutants { role: "pairing.host", tables: &[&[pairing::host::MUTANTS], CLIENT] },
    Mutants { role: "pairing.viewer", tables: &[&[pairing::viewer::MUTANTS], VARYING] },
    Mutants { role: "terminal.relay", tables: &[terminal::relay::MUTANTS] },
    Mutants { role: "terminal.host", tables: &[&[terminal::host::MUTANTS], VARYING] },
    Mutants { role: "terminal.viewer", tables: &[&[terminal::viewer::MUTANTS], CLIENT] },
    Mutants { role: "tunnel.cloud", tables: &[tunnel::cloud::MUTANTS] },
    Mutants { role: "tunnel.agent", tables: &[tunnel::agent::MUTANTS, VARYING] },
    Mutants { role: "sync.server", tables: &[sync::server::MUTANTS] },
    Mutants { role: "sync.client", tables: &[&[sync::client::MUTANTS], VARYING] },
    Mutants { role: "rpc.daemon", tables: &[rpc::daemon::MUTANTS] },
    Mutants { role: "rpc.client", tables: &[rpc::client::MUTANTS, &[client::SHARED, client::EVENTS, client::RETURNS]] },
];

/// No mutant: who stands in the middle changes nothing.
const NONE: Mutant = Mutant::new("none", &[], "passes on everything as it came");

/// A mutant that a reference is started with.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    /// The mutant.
    pub mutant: &'static Mutant,
    /// Whose it is, as `pairing.relay`.
    pub role: &'static str,
}

fn link(chosen: Chosen, number: usize, target: &str) -> Box<dyn Link> {
    let name = chosen.mutant.name;
    match chosen.role {
        _ if name == NONE.name => Box::new(link::Faithful),
        _ if chosen.mutant.is_by_place => Box::new(client::Place::new(name, number)),
        _ if chosen.mutant.is_shared => Box::new(client::Wire::new(name)),
        "pairing.relay" => Box::new(pairing::relay::Relay::new(name, number, target)),
        "pairing.host" => Box::new(pairing::host::Host::new(name, number)),
        "pairing.viewer" => Box::new(pairing::viewer::Viewer::new(name, number)),
        "terminal.relay" => Box::new(terminal::relay::Relay::new(name, number)),
        "terminal.host" => Box::new(terminal::host::Host::new(name, number)),
        "terminal.viewer" => Box::new(terminal::viewer::Viewer::new(name, number)),
        "tunnel.cloud" => Box::new(tunnel::cloud::Cloud::new(name, number)),
        "tunnel.agent" => Box::new(tunnel::agent::Agent::new(name, number)),
        "sync.server" => Box::new(sync::server::Server::new(name, number)),
        "sync.client" => Box::new(sync::client::Client::new(name, number)),
        _ => Box::new(link::Faithful),
    }
}

/// What becomes of a public request.
fn visitor(chosen: Chosen) -> Box<dyn visit::Visit> {
    Box::new(tunnel::cloud::Public::new(chosen.mutant.name))
}

/// There is no such mutant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UnknownMutant {
    role: &'static str,
    name: String,
}

impl fmt::Display for UnknownMutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a reference {} has no mutant `{}`; --list-mutants lists those that it has", self.role, self.name)
    }
}

/// The mutant of a role with this name.
///
/// # Errors
/// Where there is none.
pub fn choose(role: &'static str, name: &str) -> Result<Chosen, UnknownMutant> {
    let mut all = ALL.iter().filter(|mutants| mutants.role == role).flat_map(Mutants::iter).chain([&NONE]);
    let mutant = all.find(|mutant| mutant.name == name);
    mutant.map(|mutant| Chosen { mutant, role }).ok_or_else(|| UnknownMutant { role, name: name.to_owned() })
}

impl Chosen {
    /// The timing that a server runs with, which may be another than it says.
    pub fn adjust(self, timing: &mut Timing) {
        let factor = match self.mutant.name {
            "slow-pings" => Some((Parameter::HeartbeatInterval, 1.3)),
            "hasty-pings" => Some((Parameter::HeartbeatInterval, 0.7)),
            "patient-with-silence" => Some((Parameter::HeartbeatTimeout, 4.0)),
            "impatient-with-silence" => Some((Parameter::HeartbeatTimeout, 0.3)),
            "patient-first" => Some((Parameter::AuthTimeout, 3.0)),
            "impatient-first" => Some((Parameter::AuthTimeout, 0.3)),
            "patient-with-agents" => Some((Parameter::RequestTimeout, 6.0)),
            "waits-long-for-auth" => Some((Parameter::AuthTimeout, 6.0)),
            "impatient-with-agents" => Some((Parameter::RequestTimeout, 0.3)),
            _ => None,
        };
        if let Some((parameter, factor)) = factor {
            timing.declare(parameter, timing.value(parameter).mul_f64(factor));
        }
    }

    /// When a server ends that is told to at this moment.
    pub async fn stop(self, told: impl Future<Output = ()>) {
        told.await;
        match self.mutant.name {
            "ends-never" => std::future::pending().await,
            "ends-late" => tokio::time::sleep(Duration::from_secs(7)).await,
            _ => {}
        }
    }
}
