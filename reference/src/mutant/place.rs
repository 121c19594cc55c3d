//! Where connections go through: each frame is passed on as it came, but for what the mutant makes of it.

use std::io::Result;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex as Turn;
use tokio::time::sleep;

use super::direction::Direction;
use super::flow::{End, Over, Writer, gone, locked, mingle, until_both, write};
use super::link::{Admission, House, Link, Way};
use super::wire::{Frame, head};
use super::{Chosen, after, link, visit, visitor};

/// After its last words a connection lives on so long, for the peer to read them.
const LINGER: Duration = Duration::from_millis(50);

/// Who connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Peers, by WebSocket.
    Peers,
    /// The public, by plain HTTP.
    Public,
}

/// The connections, and where they lead.
pub(super) struct Place {
    chosen: Chosen,
    side: Side,
    patience: Duration,
    behind: SocketAddr,
    pub(super) house: Mutex<House>,
    guests: Mutex<Vec<(usize, Writer)>>,
    /// One connects at a time: a crowd would overflow what waits to be accepted.
    dialing: Turn<()>,
}

impl Place {
    /// Nobody has connected yet.
    pub(super) fn new(chosen: Chosen, side: Side, patience: Duration, behind: SocketAddr) -> Self {
        let (house, guests) = (Mutex::default(), Mutex::default());
        Self { chosen, side, patience, behind, house, guests, dialing: Turn::default() }
    }

    /// Passes on what goes between a guest and the address behind.
    pub(super) async fn pass(&self, guest: TcpStream) -> Result<()> {
        guest.set_nodelay(true)?;
        let from = guest.peer_addr()?.ip();
        let mut guest = End::new(guest);
        let request = head(&mut guest.reader).await?;
        match self.side {
            Side::Peers => self.admit(guest, request, from).await,
            Side::Public => {
                let mut writer = guest.writer.lock().await;
                visit::pass(guest.reader, &mut writer, &request, &mut *visitor(self.chosen), self.dial(from)).await
            }
        }
    }

    /// Takes a peer's request to the address behind, and its answer back.
    async fn admit(&self, mut guest: End, mut request: Vec<u8>, from: IpAddr) -> Result<()> {
        let (number, mut link) = self.link(&request);
        let admission = link.asks(&mut request, &mut locked(&self.house));
        match admission {
            Admission::Onward => {}
            Admission::Answered(answer) => {
                guest.writer.lock().await.write_all(answer.as_bytes()).await?;
                sleep(LINGER).await;
                return Ok(());
            }
            // Until whoever has asked goes away.
            Admission::Ignored => return copy(&mut guest.reader, &mut sink()).await.map(drop),
        }
        let Ok(behind) = self.dial(from).await else {
            after::take(self.chosen, &mut *guest.writer.lock().await, &request).await;
            return Ok(());
        };
        let mut behind = End::new(behind);
        behind.writer.lock().await.write_all(&request).await?;
        let beside = (0..link.beside()).map(|_| self.attempt(&request, from));
        let _beside = futures_util::future::try_join_all(beside).await?;
        let patience = if link.hurries() { self.patience } else { Duration::MAX };
        let answer = tokio::select! {
            answer = head(&mut behind.reader) => answer?,
            () = gone(&mut guest.reader) => return Ok(()),
            () = sleep(patience) => return Ok(()),
        };
        link.answered(&answer, &mut locked(&self.house));
        guest.writer.lock().await.write_all(&answer).await?;
        if answer.starts_with(b"HTTP/1.1 101 ") {
            self.join(number, link, guest, behind).await
        } else {
            mingle(guest, behind).await;
            Ok(())
        }
    }

    /// What becomes of a new connection, and its number.
    fn link(&self, request: &[u8]) -> (usize, Box<dyn Link>) {
        let number = {
            let mut house = locked(&self.house);
            house.connections += 1;
            house.connections
        };
        let target = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        (number, link(self.chosen, number, &String::from_utf8_lossy(target)))
    }

    /// Passes frames both ways, until the connection is over.
    async fn join(&self, number: usize, mut link: Box<dyn Link>, guest: End, behind: End) -> Result<()> {
        let writers = [Arc::clone(&guest.writer), Arc::clone(&behind.writer)];
        locked(&self.guests).push((number, guest.writer));
        write(&writers[0], &link.opens()).await?;
        let link = Mutex::new(link);
        let inward = Direction::new(self, number, Way::In, &link, guest.reader, [&writers[1], &writers[0]]);
        let outward = Direction::new(self, number, Way::Out, &link, behind.reader, [&writers[0], &writers[1]]);
        let over = until_both(inward.pass(), outward.pass()).await;
        locked(&self.guests).retain(|(other, _)| *other != number);
        if let Over::Reset = over {
            for writer in &writers {
                _ = writer.lock().await.as_ref().set_zero_linger();
            }
        } else {
            sleep(LINGER).await;
        }
        Ok(())
    }

    /// Connects as a guest does, and says no more.
    async fn attempt(&self, request: &[u8], from: IpAddr) -> Result<TcpStream> {
        let mut stream = self.dial(from).await?;
        stream.write_all(request).await?;
        Ok(stream)
    }

    /// Connects from the same address as the guest, which may have one of its own.
    async fn dial(&self, from: IpAddr) -> Result<TcpStream> {
        let socket = if self.behind.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A port that is bound is one that no listener finds, also for a while after its end.
        let has_own = from.is_loopback() && from != Ipv4Addr::LOCALHOST;
        if has_own && from.is_ipv4() == self.behind.is_ipv4() {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        socket.set_nodelay(true)?;
        let _turn = self.dialing.lock().await;
        socket.connect(self.behind).await
    }

    /// Says something to everybody but one, or to one alone; nobody waits for whoever does not read.
    pub(super) fn tell_others(&self, number: usize, only: Option<usize>, frames: &[Frame]) {
        if frames.is_empty() {
            return;
        }
        let bytes: Arc<[u8]> = frames.iter().flat_map(Frame::bytes).collect();
        let is_told = |other: usize| other != number && only.is_none_or(|only| other == only);
        for (_, guest) in locked(&self.guests).iter().filter(|(other, _)| is_told(*other)) {
            let (guest, bytes) = (Arc::clone(guest), Arc::clone(&bytes));
            tokio::spawn(async move { guest.lock().await.write_all(&bytes).await });
        }
    }
}
