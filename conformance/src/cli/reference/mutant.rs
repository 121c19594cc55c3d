//! The mutant options of a reference, and the proxy that a mutant puts in front of a server.

use std::net::SocketAddr;

use clap::Args;
use conformance::transport::port;
use relayspec::timing::Timing;
use relayspec_reference::mutant::{ALL, MutantProxy, MutantProxyError, SelectedMutant, choose};

use super::super::error::CommandError;
use super::{server, stop_requested};

/// The mutant options of a reference.
#[derive(Debug, Args)]
pub(super) struct MutantOptions {
    /// Run this mutant: violate a requirement on purpose, to check that the runner detects it
    #[arg(long, value_name = "NAME", help_heading = "Mutants")]
    mutant: Option<String>,

    #[command(flatten)]
    pub(super) listing: Listing,
}

/// Whether and how to list the mutants.
#[derive(Debug, Args)]
pub(super) struct Listing {
    /// List the mutants and exit
    #[arg(long, help_heading = "Mutants")]
    list_mutants: bool,

    /// List them as JSON
    #[arg(long, requires = "list_mutants", help_heading = "Mutants")]
    json: bool,
}

impl MutantOptions {
    /// The chosen mutant of this role.
    pub(super) fn chosen(&self, role: &'static str) -> Result<Option<SelectedMutant>, CommandError> {
        let name = self.mutant.as_deref();
        name.map(|name| choose(role, name).map_err(|error| CommandError::reference_usage(format!("--mutant: {error}"))))
            .transpose()
    }
}

impl Listing {
    /// Prints the mutants of a role or of all, if requested; returns whether it was.
    pub(super) fn print(&self, role: Option<&str>) -> bool {
        if self.list_mutants {
            list(role, self.json);
        }
        self.list_mutants
    }
}

fn list(role: Option<&str>, as_json: bool) {
    let all = ALL.iter().filter(|mutants| role.is_none_or(|role| role == mutants.role));
    let all = all.flat_map(|mutants| mutants.iter().map(|mutant| (mutants.role, mutant)));
    if as_json {
        let listed = all.map(|(role, mutant)| {
            serde_json::json!({
                "role": role, "name": mutant.name, "breaks": mutant.breaks, "causes": mutant.causes, "cascading": mutant.cascading,
                "by_place": mutant.is_by_place, "line": mutant.line,
            })
        });
        return anstream::println!("{:#}", listed.collect::<serde_json::Value>());
    }
    for (role, mutant) in all {
        let breaks = if mutant.is_by_place { "by place".to_owned() } else { mutant.breaks.join(", ") };
        anstream::println!("{role} {}: {} ({breaks})", mutant.name, mutant.line);
    }
}

/// The address that peers connect to: the server's own, or a mutant proxy's.
pub(super) struct EntryPoint {
    wanted: SocketAddr,
    proxy: Option<MutantProxy>,
    chosen: Option<SelectedMutant>,
}

impl EntryPoint {
    /// Binds the proxy, if a mutant is chosen.
    pub(super) fn new(wanted: SocketAddr, chosen: Option<SelectedMutant>) -> Result<Self, MutantProxyError> {
        let proxy = chosen.map(|chosen| MutantProxy::bind(wanted, chosen)).transpose()?;
        Ok(Self { wanted, proxy, chosen })
    }

    /// The same for the public side of a tunnel, which uses plain HTTP.
    pub(super) fn of_public(self) -> Self {
        Self { proxy: self.proxy.map(MutantProxy::of_public), ..self }
    }

    /// The address for the server itself.
    pub(super) fn server_address(&self) -> SocketAddr {
        if self.proxy.is_some() { port::free(self.wanted.ip()) } else { self.wanted }
    }

    /// Applies the mutant's changes of the timing.
    pub(super) fn adjust(&self, timing: &mut Timing) {
        if let Some(chosen) = self.chosen {
            chosen.adjust(timing);
        }
    }

    /// The address that peers connect to.
    pub(super) fn address(&self, server: SocketAddr) -> SocketAddr {
        self.proxy.as_ref().map_or(server, MutantProxy::local_addr)
    }

    /// Resolves when the server has to end.
    pub(super) fn stop(&self) -> impl Future<Output = ()> + use<> {
        let chosen = self.chosen;
        async move {
            match chosen {
                Some(chosen) => chosen.stop(stop_requested()).await,
                None => stop_requested().await,
            }
        }
    }

    /// Announces the address, and serves.
    pub(super) async fn open(self, server: SocketAddr, serving: impl Future<Output = ()>) {
        server::announce(self.address(server));
        self.pass(server, serving).await;
    }

    /// Serves, through the proxy if any.
    pub(super) async fn pass(self, server: SocketAddr, serving: impl Future<Output = ()>) {
        match self.proxy {
            Some(proxy) => proxy.serve(server, serving).await,
            None => serving.await,
        }
    }
}
