//! Where peers connect to a reference server: its own address, or the proxy that a mutant puts in front of it.

use std::net::SocketAddr;

use conformance::transport::port;
use relayspec::timing::Timing;
use relayspec_reference::mutant::{MutantProxy, MutantProxyError, SelectedMutant};

use super::stop_requested;

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

    /// Prints the address, for programs that start the server, and serves.
    pub(super) async fn open(self, server: SocketAddr, serving: impl Future<Output = ()>) {
        anstream::println!("listening on ws://{}", self.address(server));
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
