//! What a reference is told of mutants, and who then stands between it and its peers.

use std::net::SocketAddr;

use clap::Args;
use conformance::transport::port;
use relayspec::timing::Timing;
use relayspec_reference::mutant::{ALL, MutantProxy, MutantProxyError, SelectedMutant, choose};

use super::super::exit::Failure;
use super::{server, told_to_stop};

/// What a reference is told of mutants.
#[derive(Debug, Args)]
pub(super) struct MutantOptions {
    /// Break a requirement on purpose, to see that a judge notices: the name of a mutant.
    #[arg(long, value_name = "NAME", help_heading = "Mutants")]
    mutant: Option<String>,

    #[command(flatten)]
    pub(super) listing: Listing,
}

/// Whether the mutants are to be listed, and how.
#[derive(Debug, Args)]
pub(super) struct Listing {
    /// List the mutants that there are, and end.
    #[arg(long, help_heading = "Mutants")]
    list_mutants: bool,

    /// List them as JSON.
    #[arg(long, requires = "list_mutants", help_heading = "Mutants")]
    json: bool,
}

impl MutantOptions {
    /// The mutant of a reference in this role.
    pub(super) fn chosen(&self, role: &'static str) -> Result<Option<SelectedMutant>, Failure> {
        let name = self.mutant.as_deref();
        name.map(|name| choose(role, name).map_err(|error| Failure::usage(format!("--mutant: {error}")))).transpose()
    }
}

impl Listing {
    /// Prints the mutants of a role, or of all; whether that was wanted.
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
        let told = all.map(|(role, mutant)| {
            serde_json::json!({
                "role": role, "name": mutant.name, "breaks": mutant.breaks, "causes": mutant.causes, "cascading": mutant.cascading,
                "by_place": mutant.is_by_place, "line": mutant.line,
            })
        });
        return anstream::println!("{:#}", told.collect::<serde_json::Value>());
    }
    for (role, mutant) in all {
        let breaks = if mutant.is_by_place { "by place".to_owned() } else { mutant.breaks.join(", ") };
        anstream::println!("{role} {}: {} ({breaks})", mutant.name, mutant.line);
    }
}

/// Where peers come in: at the server itself, or at whoever stands before it.
pub(super) struct Door {
    wanted: SocketAddr,
    proxy: Option<MutantProxy>,
    chosen: Option<SelectedMutant>,
}

impl Door {
    /// A door at an address.
    pub(super) fn new(wanted: SocketAddr, chosen: Option<SelectedMutant>) -> Result<Self, MutantProxyError> {
        let proxy = chosen.map(|chosen| MutantProxy::bind(wanted, chosen)).transpose()?;
        Ok(Self { wanted, proxy, chosen })
    }

    /// The same for the public, which speaks plain HTTP.
    pub(super) fn of_public(self) -> Self {
        Self { proxy: self.proxy.map(MutantProxy::of_public), ..self }
    }

    /// Where the server itself is to listen.
    pub(super) fn behind(&self) -> SocketAddr {
        if self.proxy.is_some() { port::free(self.wanted.ip()) } else { self.wanted }
    }

    /// The timing that the server runs with.
    pub(super) fn adjust(&self, timing: &mut Timing) {
        if let Some(chosen) = self.chosen {
            chosen.adjust(timing);
        }
    }

    /// Where peers come in, given where the server listens.
    pub(super) fn address(&self, behind: SocketAddr) -> SocketAddr {
        self.proxy.as_ref().map_or(behind, MutantProxy::local_addr)
    }

    /// Is done when the server has to end.
    pub(super) fn stop(&self) -> impl Future<Output = ()> + use<> {
        let chosen = self.chosen;
        async move {
            match chosen {
                Some(chosen) => chosen.stop(told_to_stop()).await,
                None => told_to_stop().await,
            }
        }
    }

    /// Says where peers come in, and serves.
    pub(super) async fn open(self, behind: SocketAddr, serving: impl Future<Output = ()>) {
        server::announce(self.address(behind));
        self.pass(behind, serving).await;
    }

    /// Serves.
    pub(super) async fn pass(self, behind: SocketAddr, serving: impl Future<Output = ()>) {
        match self.proxy {
            Some(proxy) => proxy.serve(behind, serving).await,
            None => serving.await,
        }
    }
}
