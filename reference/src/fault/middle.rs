//! Who stands between a reference and its peers, and has the fault: passes on every frame as it came, but for what the fault makes of it.
//!
//! Each direction of a connection is a task of its own that reads no more than it can pass on, so that who stands here keeps nothing.

use std::future::pending;
use std::io::{Error, ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy, sink};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Mutex as Turn;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::link::{Admission, House, Link, Loss, Said, Way};
use super::wire::{Frame, Part, head, read};
use super::{Chosen, link};

/// The largest piece that is passed on unread.
const PIECE: usize = 64 << 10;
/// After its last words a connection lives on so long, for the peer to read them.
const LINGER: Duration = Duration::from_millis(50);

/// Somebody between a reference and whoever connects to it.
#[derive(Debug)]
pub struct Middleman {
    listener: std::net::TcpListener,
    address: SocketAddr,
    chosen: Chosen,
    patience: Duration,
}

/// The address cannot be listened at.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen at {0}")]
pub struct NoMiddleman(SocketAddr, #[source] Error);

/// The connections, and where they lead.
struct Place {
    chosen: Chosen,
    patience: Duration,
    behind: SocketAddr,
    house: Mutex<House>,
    guests: Mutex<Vec<(usize, Writer)>>,
}

/// Where one side is written to: one frame at a time.
type Writer = Arc<Turn<OwnedWriteHalf>>;

/// How it came that nothing more comes from one side.
enum Over {
    /// The other side was told.
    Told,
    /// The other side goes on as if nothing had happened.
    Hidden,
    /// The connection is over.
    All,
    /// The connection is over, and ends as it was ended.
    Reset,
}

impl Middleman {
    /// Listens.
    ///
    /// # Errors
    /// Where the address cannot be listened at.
    pub fn bind(listen: SocketAddr, chosen: Chosen) -> std::result::Result<Self, NoMiddleman> {
        let bind = || {
            let listener = std::net::TcpListener::bind(listen)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address, chosen, patience: Duration::MAX })
        };
        bind().map_err(|error| NoMiddleman(listen, error))
    }

    /// How long a link that hurries waits for an answer.
    pub(super) fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Passes on what goes between whoever connects and the address behind, as long as this is done.
    pub async fn serve<T>(self, behind: SocketAddr, meanwhile: impl Future<Output = T>) -> T {
        let (house, guests) = (Mutex::default(), Mutex::default());
        let place = Arc::new(Place { chosen: self.chosen, patience: self.patience, behind, house, guests });
        let mut connections = JoinSet::new();
        let mut meanwhile = pin!(meanwhile);
        let listener = match TcpListener::from_std(self.listener) {
            Ok(listener) => listener,
            Err(_) => return meanwhile.await,
        };
        let done = loop {
            while connections.try_join_next().is_some() {}
            let accepted = tokio::select! {
                done = &mut meanwhile => break done,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((guest, _)) => {
                    let place = Arc::clone(&place);
                    // Whoever goes away in the midst of it is no fault of ours.
                    connections.spawn(async move { _ = place.pass(guest).await });
                }
                // Out of descriptors: somebody has to leave first.
                Err(_) => sleep(LINGER).await,
            }
        };
        drop(listener);
        // What was said last is still on its way.
        _ = timeout(2 * LINGER, async { while connections.join_next().await.is_some() {} }).await;
        done
    }
}

impl Place {
    async fn pass(&self, guest: TcpStream) -> Result<()> {
        guest.set_nodelay(true)?;
        let from = guest.peer_addr()?.ip();
        let (reader, writer) = guest.into_split();
        let (mut guest, to_guest) = (BufReader::with_capacity(PIECE, reader), Arc::new(Turn::new(writer)));
        let mut request = head(&mut guest).await?;
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
        let beside = (0..link.beside()).map(|_| self.attempt(&request, from));
        let _beside = futures_util::future::try_join_all(beside).await?;
        let (reader, writer) = self.dial(from).await?.into_split();
        let (mut behind, to_behind) = (BufReader::with_capacity(PIECE, reader), Arc::new(Turn::new(writer)));
        to_behind.lock().await.write_all(&request).await?;
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
        if from.is_loopback() && from.is_ipv4() == self.behind.is_ipv4() {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        socket.set_nodelay(true)?;
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
        loop {
            let frame = match read(&mut from).await {
                Ok(Part::Frame(frame)) => frame,
                Ok(Part::Raw(bytes)) => {
                    let mut onward = onward.lock().await;
                    onward.write_all(&bytes).await?;
                    copy(&mut from, &mut *onward).await?;
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
            let Said { onward: frames, back: answers, others, ends, delay } = {
                let mut house = locked(&self.house);
                house.bytes += frame.payload.len();
                locked(link).says(way, frame, &mut house)
            };
            if !delay.is_zero() {
                sleep(delay).await;
            }
            match &store {
                Some(store) => frames.iter().for_each(|frame| drop(store.send(frame.bytes()))),
                None => write(onward, &frames).await?,
            }
            write(back, &answers).await?;
            self.tell_others(number, &others);
            if ends {
                return Ok(Over::All);
            }
        }
    }

    /// Says something to everybody but one; nobody waits for whoever does not read.
    fn tell_others(&self, number: usize, frames: &[Frame]) {
        if frames.is_empty() {
            return;
        }
        let bytes: Arc<[u8]> = frames.iter().flat_map(Frame::bytes).collect();
        for (_, guest) in locked(&self.guests).iter().filter(|(other, _)| *other != number) {
            let (guest, bytes) = (Arc::clone(guest), Arc::clone(&bytes));
            tokio::spawn(async move { guest.lock().await.write_all(&bytes).await });
        }
    }
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Is done when a guest goes away before it has said anything more.
async fn gone(guest: &mut BufReader<OwnedReadHalf>) {
    if guest.fill_buf().await.is_ok_and(|more| !more.is_empty()) {
        pending::<()>().await;
    }
}

/// Until nothing more comes from either side, or the connection is over.
async fn until_both(inward: impl Future<Output = Result<Over>>, outward: impl Future<Output = Result<Over>>) -> Over {
    let (mut inward, mut outward) = (pin!(inward), pin!(outward));
    let (first, is_inward) = tokio::select! {
        over = &mut inward => (over, true),
        over = &mut outward => (over, false),
    };
    match first.unwrap_or(Over::All) {
        Over::Told | Over::Hidden if is_inward => outward.await.unwrap_or(Over::All),
        Over::Told | Over::Hidden => inward.await.unwrap_or(Over::All),
        over => over,
    }
}

async fn write(to: &Writer, frames: &[Frame]) -> Result<()> {
    if frames.is_empty() {
        return Ok(());
    }
    let mut to = to.lock().await;
    for frame in frames {
        to.write_all(&frame.bytes()).await?;
    }
    Ok(())
}

/// Keeps what is to be written, however much it is; nothing is the end of it.
fn hoard(to: Writer) -> UnboundedSender<Vec<u8>> {
    let (sender, mut receiver) = unbounded_channel::<Vec<u8>>();
    tokio::spawn(async move {
        while let Some(bytes) = receiver.recv().await {
            let mut to = to.lock().await;
            if bytes.is_empty() || to.write_all(&bytes).await.is_err() {
                _ = to.shutdown().await;
                return;
            }
        }
    });
    sender
}
