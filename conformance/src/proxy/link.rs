//! One connection through the proxy: bytes go on at once, and a copy of them to the watcher.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use super::watch::Peer;
use super::watcher::{Passed, Watcher};
use super::{Happening, Happenings, Setup};
use crate::clock::{Clock, Moment};
use crate::transport::handshake::connect;
use crate::transport::{Dial, End, Link};

/// What is read at a time at most.
const READ_BUFFER: usize = 64 << 10;
/// A buffer with less room than this is not read into.
const LEAST_ROOM: usize = 16 << 10;
/// Where so much waits for the watchers, one that is to see more is left behind.
const LARGEST_BACKLOG: usize = 256 << 20;
/// How much waits at most to be passed on later.
const MOST_DELAYED: usize = 1024;
/// How often it is looked whether peers have left that are read no more.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What the two directions and the watcher share.
struct Shared {
    watcher: mpsc::UnboundedSender<Passed>,
    /// How much waits for all watchers, in bytes.
    backlog: Arc<AtomicUsize>,
    /// Whether the watcher was left behind.
    is_unseen: AtomicBool,
    setup: Arc<Setup>,
    cut: Arc<Notify>,
}

/// How a connection comes to its end.
enum Over {
    /// Both peers have ended it.
    Closed,
    /// It is to be reset on both sides.
    Cut,
    /// Nothing is passed on any more.
    HalfOpen,
}

/// Carries a connection until it ends, or a fault ends it.
pub(super) async fn carry(
    client: TcpStream,
    number: usize,
    setup: Arc<Setup>,
    backlog: Arc<AtomicUsize>,
    happenings: Happenings,
) {
    let server = match connect(setup.tls.as_ref(), &setup.upstream, Dial::default()).await {
        Ok(server) => server,
        Err(error) => {
            let text = format!("{} cannot be reached: {error}", setup.upstream);
            let _ = happenings.send(vec![Happening::Note { connection: number, text }]).await;
            return;
        }
    };
    let (watcher, passed) = mpsc::unbounded_channel();
    let cut = Arc::new(Notify::new());
    let watching = Watcher::new(number, Arc::clone(&setup), happenings, Arc::clone(&cut), Arc::clone(&backlog));
    tokio::spawn(watching.run(passed));
    let shared = Shared { watcher, backlog, is_unseen: AtomicBool::new(false), setup: Arc::clone(&setup), cut };
    let (client_reads, client_writes) = tokio::io::split(Link::Tcp(client));
    let (server_reads, server_writes) = tokio::io::split(server);
    let mut client_half = Half { reads: client_reads, writes: server_writes, from: Peer::Client };
    let mut server_half = Half { reads: server_reads, writes: client_writes, from: Peer::Server };
    let (clock, faults) = (&setup.clock, &setup.faults);
    let begin = clock.now();
    let after = async |span: Option<Duration>| match span {
        Some(span) => clock.sleep_until(begin + span).await,
        None => pending().await,
    };
    let over = {
        let both = async { tokio::join!(client_half.pass(&shared), server_half.pass(&shared)) };
        tokio::select! {
            ends = both => if ends == (End::Fin, End::Fin) { Over::Closed } else { Over::Cut },
            () = after(faults.drop_after) => Over::Cut,
            () = shared.cut.notified() => Over::Cut,
            () = after(faults.half_open_after) => Over::HalfOpen,
        }
    };
    drop(shared);
    let client = client_half.reads.unsplit(server_half.writes);
    let server = server_half.reads.unsplit(client_half.writes);
    match over {
        Over::Closed => return,
        Over::Cut => {}
        // Both sockets stay open, and nobody reads them any more.
        Over::HalfOpen => tokio::select! {
            () = after(faults.drop_after) => {}
            () = left(clock, [&client, &server]) => return,
        },
    }
    client.reset();
    server.reset();
}

/// Is done when both peers have left.
async fn left(clock: &Clock, peers: [&Link; 2]) {
    for peer in peers.into_iter().filter_map(Link::tcp) {
        while peer.ready(Interest::READABLE).await.is_ok_and(|ready| !ready.is_read_closed()) {
            clock.nap(LOOK_AGAIN).await;
        }
    }
}

/// One direction.
struct Half<R, W> {
    reads: R,
    writes: W,
    from: Peer,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Half<R, W> {
    /// Passes on all that comes; how it ended.
    async fn pass(&mut self, shared: &Shared) -> End {
        match shared.setup.faults.delay {
            None => self.at_once(shared).await,
            Some(delay) => self.later(shared, delay).await,
        }
    }

    async fn at_once(&mut self, shared: &Shared) -> End {
        let mut buffer = BytesMut::new();
        loop {
            let end = match self.reads.read_buf(with_room(&mut buffer)).await {
                Ok(count) if count > 0 => {
                    let chunk = buffer.split().freeze();
                    shared.show(self.from, Ok(chunk.clone()));
                    if self.writes.write_all(&chunk).await.is_ok() && self.writes.flush().await.is_ok() {
                        continue;
                    }
                    End::Reset
                }
                Ok(_) => End::Fin,
                Err(_) => End::Reset,
            };
            return self.end(shared, end).await;
        }
    }

    async fn later(&mut self, shared: &Shared, delay: Duration) -> End {
        let clock = &shared.setup.clock;
        let (sender, mut waiting) = mpsc::channel::<(Moment, Bytes)>(MOST_DELAYED);
        let (reads, writes, from) = (&mut self.reads, &mut self.writes, self.from);
        let reading = async move {
            let mut buffer = BytesMut::new();
            let end = loop {
                match reads.read_buf(with_room(&mut buffer)).await {
                    Ok(count) if count > 0 => {
                        let _ = sender.send((clock.now() + delay, buffer.split().freeze())).await;
                    }
                    Ok(_) => break End::Fin,
                    Err(_) => break End::Reset,
                }
            };
            drop(sender);
            Ok(end)
        };
        let writing = async {
            while let Some((due, chunk)) = waiting.recv().await {
                clock.sleep_until(due).await;
                shared.show(from, Ok(chunk.clone()));
                if writes.write_all(&chunk).await.is_err() || writes.flush().await.is_err() {
                    // Who cannot be written to is read no more.
                    return Err(End::Reset);
                }
            }
            Ok(())
        };
        let end = tokio::try_join!(reading, writing).map_or_else(|end| end, |(end, ())| end);
        self.end(shared, end).await
    }

    async fn end(&mut self, shared: &Shared, end: End) -> End {
        shared.show(self.from, Err(end));
        if end == End::Reset {
            // The other direction ends with this one.
            shared.cut.notify_one();
        } else {
            let _: io::Result<()> = self.writes.shutdown().await;
        }
        end
    }
}

/// A buffer that can be read into. What was split from it shares its memory: small pieces that wait take little.
fn with_room(buffer: &mut BytesMut) -> &mut BytesMut {
    if buffer.capacity() < LEAST_ROOM {
        *buffer = BytesMut::with_capacity(READ_BUFFER);
    }
    buffer
}

impl Shared {
    /// Shows the watcher what passes, until it cannot keep up.
    fn show(&self, from: Peer, what: Result<Bytes, End>) {
        if self.is_unseen.load(Ordering::Relaxed) {
            return;
        }
        let mut passed = Passed { at: self.setup.clock.now(), from, what };
        if self.backlog.load(Ordering::Relaxed) > LARGEST_BACKLOG {
            self.is_unseen.store(true, Ordering::Relaxed);
            passed.what = Ok(Bytes::new());
        }
        self.backlog.fetch_add(passed.weight(), Ordering::Relaxed);
        let _ = self.watcher.send(passed);
    }
}
