//! A proxy for connections: each frame is forwarded unchanged, unless the mutant changes it.

use std::io::Result;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::sleep;

use super::flow::{BufferedStream, LINGER, StreamEnd, gone, locked, mingle, until_both, write};
use super::forwarder::Forwarder;
use super::guests::ProxyGuests;
use super::link::{Admission, Flow, Link};
use super::wire::head;
use super::{SelectedMutant, after, link, visit, visitor};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxySide {
    Peers,
    Public,
}

/// The open connections and their target.
pub(super) struct ProxyConnections {
    chosen: SelectedMutant,
    side: ProxySide,
    patience: Duration,
    behind: SocketAddr,
    guests: ProxyGuests,
    /// One connection is dialled at a time, so that many do not overflow the backlog.
    dialing: AsyncMutex<()>,
}

impl ProxyConnections {
    pub(super) fn new(chosen: SelectedMutant, side: ProxySide, patience: Duration, behind: SocketAddr) -> Self {
        let (guests, dialing) = (ProxyGuests::default(), AsyncMutex::default());
        Self { chosen, side, patience, behind, guests, dialing }
    }

    pub(super) async fn pass(&self, guest: TcpStream) -> Result<()> {
        guest.set_nodelay(true)?;
        let from = guest.peer_addr()?.ip();
        let mut guest = BufferedStream::new(guest);
        let request = head(&mut guest.reader).await?;
        match self.side {
            ProxySide::Peers => self.admit(guest, request, from).await,
            ProxySide::Public => {
                let mut writer = guest.writer.lock().await;
                visit::pass(guest.reader, &mut writer, &request, &mut *visitor(self.chosen), self.dial(from)).await
            }
        }
    }

    /// Forwards a peer's request to the target, and the response back.
    async fn admit(&self, mut guest: BufferedStream, mut request: Vec<u8>, from: IpAddr) -> Result<()> {
        let (number, mut link) = self.link(&request);
        let admission = link.asks(&mut request, &mut locked(&self.guests.state));
        match admission {
            Admission::Onward => {}
            Admission::Answered(answer) => {
                guest.writer.lock().await.write_all(answer.as_bytes()).await?;
                sleep(LINGER).await;
                return Ok(());
            }
            Admission::Ignored => return copy(&mut guest.reader, &mut sink()).await.map(drop),
        }
        let Ok(behind) = self.dial(from).await else {
            after::take(self.chosen, &mut *guest.writer.lock().await, &request).await;
            return Ok(());
        };
        let mut behind = BufferedStream::new(behind);
        behind.writer.lock().await.write_all(&request).await?;
        let beside = (0..link.beside()).map(|_| self.attempt(&request, from));
        let _beside = futures_util::future::try_join_all(beside).await?;
        let patience = if link.hurries() { self.patience } else { Duration::MAX };
        let answer = tokio::select! {
            answer = head(&mut behind.reader) => answer?,
            () = gone(&mut guest.reader) => return Ok(()),
            () = sleep(patience) => return Ok(()),
        };
        link.answered(&answer, &mut locked(&self.guests.state));
        guest.writer.lock().await.write_all(&answer).await?;
        if answer.starts_with(b"HTTP/1.1 101 ") {
            self.join(number, link, guest, behind).await
        } else {
            mingle(guest, behind).await;
            Ok(())
        }
    }

    fn link(&self, request: &[u8]) -> (usize, Box<dyn Link>) {
        let number = {
            let mut state = locked(&self.guests.state);
            state.connections += 1;
            state.connections
        };
        let target = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        (number, link(self.chosen, number, &String::from_utf8_lossy(target)))
    }

    /// Forwards frames both ways until the connection is over.
    async fn join(
        &self,
        number: usize,
        mut link: Box<dyn Link>,
        guest: BufferedStream,
        behind: BufferedStream,
    ) -> Result<()> {
        let writers = [Arc::clone(&guest.writer), Arc::clone(&behind.writer)];
        self.guests.add(number, guest.writer);
        write(&writers[0], &link.opens()).await?;
        let link = Mutex::new(link);
        let inward = Forwarder::new(&self.guests, number, Flow::In, &link, guest.reader, [&writers[1], &writers[0]]);
        let outward = Forwarder::new(&self.guests, number, Flow::Out, &link, behind.reader, [&writers[0], &writers[1]]);
        let over = until_both(inward.pass(), outward.pass()).await;
        self.guests.remove(number);
        if let StreamEnd::Reset = over {
            for writer in &writers {
                _ = writer.lock().await.as_ref().set_zero_linger();
            }
        } else {
            sleep(LINGER).await;
        }
        Ok(())
    }

    /// Opens a connection that sends only the request.
    async fn attempt(&self, request: &[u8], from: IpAddr) -> Result<TcpStream> {
        let mut stream = self.dial(from).await?;
        stream.write_all(request).await?;
        Ok(stream)
    }

    /// Connects from the client's address, if that is a loopback address of its own.
    async fn dial(&self, from: IpAddr) -> Result<TcpStream> {
        let socket = if self.behind.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A bound port stays unavailable to listeners for a while after its connection ends.
        let has_own = from.is_loopback() && from != Ipv4Addr::LOCALHOST;
        if has_own && from.is_ipv4() == self.behind.is_ipv4() {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        socket.set_nodelay(true)?;
        let _turn = self.dialing.lock().await;
        socket.connect(self.behind).await
    }
}
