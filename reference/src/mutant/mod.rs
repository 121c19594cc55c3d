//! Mutants: references that each violate one named requirement, to prove that the runner can detect it.
//!
//! A mutant is a proxy between a reference and its peers that forwards frames and driver lines with one deviation, or it runs the reference with
//! other parameters than declared. Without a mutant, the proxy changes nothing. A runner that passes a mutant is blind to the requirement, and
//! a runner that reports another requirement is wrong.

mod after;
mod client;
mod connections;
mod flow;
mod forwarder;
mod framing;
mod guests;
mod link;
mod proxy;
mod visit;
mod wire;

mod observed;
mod pairing;
mod rpc;
mod sync;
mod terminal;
mod tunnel;

pub use client::{ClientProxy, ClientProxyError};
pub use proxy::{MutantProxy, MutantProxyError};
pub use rpc::{DaemonProxy, DaemonProxyError, RpcClientProxy};

use std::time::Duration;

use link::Link;
use relayspec::timing::{Parameter, Timing};

/// One deviation from the specification.
#[derive(Debug, Clone, Copy)]
pub struct Mutant {
    /// The name, such as `expired-as-unknown`; unique in its role.
    pub name: &'static str,
    /// The requirements that it violates, the main one first; none for a mutant by position.
    pub breaks: &'static [&'static str],
    /// Requirements that are violated as a consequence.
    pub causes: &'static [&'static str],
    /// Whether failures may appear under any requirement.
    pub cascading: bool,
    /// What it does, in one line.
    pub line: &'static str,
    /// Whether the clients of all families have it.
    is_shared: bool,
    /// Whether it fails at a position, such as the n-th message, and so violates no requirement of its own.
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

    /// Whether a failure under a requirement may be attributed to the mutant.
    #[must_use]
    pub fn may_break(&self, requirement: &str) -> bool {
        self.cascading || self.breaks.iter().chain(self.causes).any(|one| *one == requirement)
    }
}

/// The mutants of a role.
#[derive(Debug)]
pub struct Mutants {
    /// The role, such as `pairing.relay`.
    pub role: &'static str,
    tables: &'static [&'static [&'static [Mutant]]],
}

impl Mutants {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &'static Mutant> {
        self.tables.iter().flat_map(|tables| tables.iter()).flat_map(|table| table.iter())
    }
}

/// Mutants of any WebSocket client.
const CLIENT: &[&[Mutant]] = &[client::SHARED, client::WIRE, client::EVENTS, client::RETURNS, client::PLACES];
/// Mutants of WebSocket clients whose reference declares jitter in the self-test.
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

/// No mutant: the proxy changes nothing.
const NONE: Mutant = Mutant::new("none", &[], "forwards everything unchanged");

/// The mutant that a reference runs with.
#[derive(Debug, Clone, Copy)]
pub struct SelectedMutant {
    /// The mutant.
    pub mutant: &'static Mutant,
    /// Its role, such as `pairing.relay`.
    pub role: &'static str,
}

fn link(chosen: SelectedMutant, number: usize, target: &str) -> Box<dyn Link> {
    let name = chosen.mutant.name;
    match chosen.role {
        _ if name == NONE.name => Box::new(link::PassThrough),
        _ if chosen.mutant.is_by_place => Box::new(client::PositionMutant::new(name, number)),
        _ if chosen.mutant.is_shared => Box::new(client::WireMutant::new(name)),
        "pairing.relay" => Box::new(pairing::relay::PairingLink::new(name, number, target)),
        "pairing.host" => Box::new(pairing::host::PairingHostMutant::new(name, number)),
        "pairing.viewer" => Box::new(pairing::viewer::PairingViewerMutant::new(name, number)),
        "terminal.relay" => Box::new(terminal::relay::TerminalLink::new(name, number)),
        "terminal.host" => Box::new(terminal::host::TerminalHostMutant::new(name, number)),
        "terminal.viewer" => Box::new(terminal::viewer::TerminalViewerMutant::new(name, number)),
        "tunnel.cloud" => Box::new(tunnel::cloud::CloudMutant::new(name, number)),
        "tunnel.agent" => Box::new(tunnel::agent::AgentMutant::new(name, number)),
        "sync.server" => Box::new(sync::server::SyncLink::new(name, number)),
        "sync.client" => Box::new(sync::client::SyncClientMutant::new(name, number)),
        _ => Box::new(link::PassThrough),
    }
}

fn visitor(chosen: SelectedMutant) -> Box<dyn visit::Visit> {
    Box::new(tunnel::cloud::PublicMutant::new(chosen.mutant.name))
}

/// No mutant of the role has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown mutant `{name}` of a reference {role}; --list-mutants lists the valid ones")]
pub struct UnknownMutant {
    role: &'static str,
    name: String,
}

/// The mutant of a role with this name; fails if there is none.
pub fn choose(role: &'static str, name: &str) -> Result<SelectedMutant, UnknownMutant> {
    let mut all = ALL.iter().filter(|mutants| mutants.role == role).flat_map(Mutants::iter).chain([&NONE]);
    let mutant = all.find(|mutant| mutant.name == name);
    mutant.map(|mutant| SelectedMutant { mutant, role }).ok_or_else(|| UnknownMutant { role, name: name.to_owned() })
}

impl SelectedMutant {
    /// Changes the timing that a server runs with, which may then differ from the declared one.
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

    /// Completes when a server that is asked to stop at this moment does stop.
    pub async fn stop(self, stopped: impl Future<Output = ()>) {
        stopped.await;
        match self.mutant.name {
            "ends-never" => std::future::pending().await,
            "ends-late" => tokio::time::sleep(Duration::from_secs(7)).await,
            _ => {}
        }
    }
}
