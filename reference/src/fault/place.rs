//! Where connections go through: each frame is passed on as it came, but for what the fault makes of it.
//!
//! Each direction of a connection is a task of its own that reads no more than it can pass on, so that who stands here keeps nothing.

use std::io::{ErrorKind, Result};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, copy, copy_buf, sink};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Mutex as Turn;
use tokio::time::sleep;

use super::flow::{Over, Silence, Writer, gone, hoard, locked, send, until_both, write};
use super::link::{Admission, House, Link, Loss, Said, Way, closing};
use super::wire::{Frame, Part, head, is_at_hand, read};
use super::{Chosen, after, link, visit, visitor};

/// The largest piece that is passed on unread.
const PIECE: usize = 64 << 10;
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
    house: Mutex<House>,
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
        let (reader, writer) = guest.into_split();
        let (mut guest, to_guest) = (BufReader::with_capacity(PIECE, reader), Arc::new(Turn::new(writer)));
        let mut request = head(&mut guest).await?;
        if self.side == Side::Public {
            let mut to_guest = to_guest.lock().await;
            return visit::pass(guest, &mut to_guest, &request, &mut *visitor(self.chosen), self.dial(from)).await;
        }
        let number = {
            let mut house = locked(&self.house);
            house.connections += 1;
            house.connections
        };
        let target = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let mut link = link(self.chosen, number, &String::from_utf8_lossy(target));
        let admission = link.asks(&mut request, &mut locked(&self.house));
        match admission {
            Admission::Onward => {}
            Admission::Answered(answer) => {
                to_guest.lock().await.write_all(answer.as_bytes()).await?;
                sleep(LINGER).await;
                return Ok(());
            }
            // Until whoever has asked goes away.
            Admission::Ignored => return copy(&mut guest, &mut sink()).await.map(drop),
        }
        let Ok(behind) = self.dial(from).await else {
            after::take(self.chosen, &mut *to_guest.lock().await, &request).await;
            return Ok(());
        };
        let (reader, writer) = behind.into_split();
        let (mut behind, to_behind) = (BufReader::with_capacity(PIECE, reader), Arc::new(Turn::new(writer)));
        to_behind.lock().await.write_all(&request).await?;
        let beside = (0..link.beside()).map(|_| self.attempt(&request, from));
        let _beside = futures_util::future::try_join_all(beside).await?;
        let patience = if link.hurries() { self.patience } else { Duration::MAX };
        let answer = tokio::select! {
            answer = head(&mut behind) => answer?,
            () = gone(&mut guest) => return Ok(()),
            () = sleep(patience) => return Ok(()),
        };
        link.answered(&answer, &mut locked(&self.house));
        to_guest.lock().await.write_all(&answer).await?;
        if !answer.starts_with(b"HTTP/1.1 101 ") {
            // No WebSocket.
            let (mut to_guest, mut to_behind) = (to_guest.lock().await, to_behind.lock().await);
            tokio::select! {
                _ = copy(&mut guest, &mut *to_behind) => {}
                _ = copy(&mut behind, &mut *to_guest) => {}
            }
            return Ok(());
        }
        locked(&self.guests).push((number, Arc::clone(&to_guest)));
        write(&to_guest, &link.opens()).await?;
        let link = Mutex::new(link);
        let inward = self.listen(guest, Way::In, &link, [&to_behind, &to_guest], number);
        let outward = self.listen(behind, Way::Out, &link, [&to_guest, &to_behind], number);
        let over = until_both(inward, outward).await;
        locked(&self.guests).retain(|(other, _)| *other != number);
        match over {
            Over::Reset => {
                for writer in [&to_guest, &to_behind] {
                    _ = writer.lock().await.as_ref().set_zero_linger();
                }
            }
            _ => sleep(LINGER).await,
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

    /// Passes on what one side says, until it ends.
    async fn listen(
        &self,
        mut from: BufReader<OwnedReadHalf>,
        way: Way,
        link: &Mutex<Box<dyn Link>>,
        [onward, back]: [&Writer; 2],
        number: usize,
    ) -> Result<Over> {
        let store = locked(link).hoards().then(|| hoard(Arc::clone(onward)));
        let (mut ready, mut silence) = (Vec::new(), Silence::default());
        loop {
            // What has come together goes on together.
            if ready.len() >= PIECE || !is_at_hand(from.buffer()) {
                send(onward, &mut ready).await?;
            }
            let frame = match read(&mut from).await {
                Ok(Part::Frame(frame)) => frame,
                Ok(Part::Raw(bytes, rest)) => {
                    let code = locked(link).large(way, bytes[0]);
                    if let Some(code) = code {
                        write(onward, &[closing(code, way == Way::In)]).await?;
                        write(back, &[closing(code, way == Way::Out)]).await?;
                        return Ok(Over::All);
                    }
                    let mut onward = onward.lock().await;
                    onward.write_all(&bytes).await?;
                    copy_buf(&mut (&mut from).take(rest), &mut *onward).await?;
                    continue;
                }
                Err(error) => {
                    let is_reset = error.kind() == ErrorKind::ConnectionReset;
                    let loss = if is_reset { Loss::Reset } else { Loss::Ended };
                    let is_told = locked(link).ends(way, loss, &mut locked(&self.house));
                    return Ok(match (is_told, is_reset) {
                        (false, _) => Over::Hidden,
                        (true, true) => Over::Reset,
                        (true, false) => {
                            match &store {
                                Some(store) => drop(store.send(Vec::new())),
                                None => onward.lock().await.shutdown().await?,
                            }
                            if way == Way::In { Over::Told } else { Over::All }
                        }
                    });
                }
            };
            let Said { onward: frames, back: answers, others, only, ends, delay, start } = {
                let mut house = locked(&self.house);
                house.bytes += frame.payload.len();
                locked(link).says(way, frame, &mut house)
            };
            let delay = delay + silence.ends(start);
            if !delay.is_zero() {
                send(onward, &mut ready).await?;
                sleep(delay).await;
            }
            match &store {
                Some(store) => frames.iter().for_each(|frame| drop(store.send(frame.bytes()))),
                None => frames.iter().for_each(|frame| ready.extend(frame.bytes())),
            }
            if ends || !answers.is_empty() || !others.is_empty() {
                send(onward, &mut ready).await?;
            }
            write(back, &answers).await?;
            self.tell_others(number, only, &others);
            if ends {
                return Ok(Over::All);
            }
        }
    }

    /// Says something to everybody but one, or to one alone; nobody waits for whoever does not read.
    fn tell_others(&self, number: usize, only: Option<usize>, frames: &[Frame]) {
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
