//! One connection through the proxy: forwards bytes immediately, and copies them to the watcher.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use super::event::{ProxyEvent, ProxyEvents};
use super::setup::ProxySetup;
use super::watcher::{Forwarded, Watcher};
use crate::clock::{Clock, Moment};
use crate::transport::handshake::connect;
use crate::transport::{Dial, End, Link, Side};

/// The most to read at once, in bytes.
const READ_BUFFER: usize = 64 << 10;
/// The least free space of a buffer to read into, in bytes.
const MIN_FREE: usize = 16 << 10;
/// With a larger backlog of all watchers, in bytes, a watcher no longer gets what is forwarded.
const LARGEST_BACKLOG: usize = 256 << 20;
/// The most chunks that wait for a delay.
const MAX_DELAYED: usize = 1024;
/// How often to check whether peers of a half-open connection have left.
const LEFT_POLL: Duration = Duration::from_secs(1);

/// What the two directions and the watcher share.
struct LinkState {
    watcher: mpsc::UnboundedSender<Forwarded>,
    /// The backlog of all watchers, in bytes.
    backlog: Arc<AtomicUsize>,
    /// Whether the watcher no longer gets what is forwarded.
    is_unwatched: AtomicBool,
    setup: Arc<ProxySetup>,
    cut: Arc<Notify>,
}

/// How a connection ends.
enum LinkEnd {
    /// Both peers have closed it.
    Closed,
    /// It must be reset on both sides.
    Cut,
    /// Nothing is forwarded any more.
    HalfOpen,
}

/// Forwards a connection until it ends, or fault injection ends it.
pub(super) async fn forward(
    client: TcpStream,
    number: usize,
    setup: Arc<ProxySetup>,
    backlog: Arc<AtomicUsize>,
    events: ProxyEvents,
) {
    let server = match connect(setup.tls.as_ref(), &setup.upstream, Dial::default()).await {
        Ok(server) => server,
        Err(error) => {
            let text = format!("cannot reach {}: {error}", setup.upstream);
            let _ = events.send(vec![ProxyEvent::Note { connection: number, text }]).await;
            return;
        }
    };
    let (watcher, forwarded) = mpsc::unbounded_channel();
    let cut = Arc::new(Notify::new());
    let watching = Watcher::new(number, Arc::clone(&setup), events, Arc::clone(&cut), Arc::clone(&backlog));
    tokio::spawn(watching.run(forwarded));
    let shared = LinkState { watcher, backlog, is_unwatched: AtomicBool::new(false), setup: Arc::clone(&setup), cut };
    let (client_reads, client_writes) = tokio::io::split(Link::Tcp(client));
    let (server_reads, server_writes) = tokio::io::split(server);
    let mut client_half = Half { reads: client_reads, writes: server_writes, from: Side::Client };
    let mut server_half = Half { reads: server_reads, writes: client_writes, from: Side::Server };
    let (clock, injected) = (&setup.clock, &setup.fault_injection);
    let begin = clock.now();
    let after = async |span: Option<Duration>| match span {
        Some(span) => clock.sleep_until(begin + span).await,
        None => pending().await,
    };
    let over = {
        let both = async { tokio::join!(client_half.forward(&shared), server_half.forward(&shared)) };
        tokio::select! {
            ends = both => if ends == (End::Fin, End::Fin) { LinkEnd::Closed } else { LinkEnd::Cut },
            () = after(injected.drop_after) => LinkEnd::Cut,
            () = shared.cut.notified() => LinkEnd::Cut,
            () = after(injected.half_open_after) => LinkEnd::HalfOpen,
        }
    };
    drop(shared);
    let client = client_half.reads.unsplit(server_half.writes);
    let server = server_half.reads.unsplit(client_half.writes);
    match over {
        LinkEnd::Closed => return,
        LinkEnd::Cut => {}
        // Both sockets stay open, but are no longer read.
        LinkEnd::HalfOpen => tokio::select! {
            () = after(injected.drop_after) => {}
            () = left(clock, [&client, &server]) => return,
        },
    }
    client.reset();
    server.reset();
}

/// Returns when both peers have left.
async fn left(clock: &Clock, peers: [&Link; 2]) {
    for peer in peers.into_iter().filter_map(Link::tcp) {
        while peer.ready(Interest::READABLE).await.is_ok_and(|ready| !ready.is_read_closed()) {
            clock.nap(LEFT_POLL).await;
        }
    }
}

/// One direction.
struct Half<R, W> {
    reads: R,
    writes: W,
    from: Side,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Half<R, W> {
    /// Forwards all that is received; returns how it ended.
    async fn forward(&mut self, shared: &LinkState) -> End {
        match shared.setup.fault_injection.delay {
            None => self.forward_immediately(shared).await,
            Some(delay) => self.forward_delayed(shared, delay).await,
        }
    }

    async fn forward_immediately(&mut self, shared: &LinkState) -> End {
        let mut buffer = BytesMut::new();
        loop {
            let end = match self.reads.read_buf(with_free_space(&mut buffer)).await {
                Ok(count) if count > 0 => {
                    let chunk = buffer.split().freeze();
                    shared.copy(self.from, Ok(chunk.clone()));
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

    async fn forward_delayed(&mut self, shared: &LinkState, delay: Duration) -> End {
        let clock = &shared.setup.clock;
        let (sender, mut waiting) = mpsc::channel::<(Moment, Bytes)>(MAX_DELAYED);
        let (reads, writes, from) = (&mut self.reads, &mut self.writes, self.from);
        let reading = async move {
            let mut buffer = BytesMut::new();
            let end = loop {
                match reads.read_buf(with_free_space(&mut buffer)).await {
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
                shared.copy(from, Ok(chunk.clone()));
                if writes.write_all(&chunk).await.is_err() || writes.flush().await.is_err() {
                    // If writing fails, reading stops too.
                    return Err(End::Reset);
                }
            }
            Ok(())
        };
        let end = tokio::try_join!(reading, writing).map_or_else(|end| end, |(end, ())| end);
        self.end(shared, end).await
    }

    async fn end(&mut self, shared: &LinkState, end: End) -> End {
        shared.copy(self.from, Err(end));
        if end == End::Reset {
            // The other direction ends with this one.
            shared.cut.notify_one();
        } else {
            let _: io::Result<()> = self.writes.shutdown().await;
        }
        end
    }
}

/// A buffer that can be read into. Chunks split from it share its memory, so small waiting chunks take little.
fn with_free_space(buffer: &mut BytesMut) -> &mut BytesMut {
    if buffer.capacity() < MIN_FREE {
        *buffer = BytesMut::with_capacity(READ_BUFFER);
    }
    buffer
}

impl LinkState {
    /// Passes what is forwarded to the watcher, until it cannot keep up.
    fn copy(&self, from: Side, what: Result<Bytes, End>) {
        if self.is_unwatched.load(Ordering::Relaxed) {
            return;
        }
        let mut forwarded = Forwarded { at: self.setup.clock.now(), from, what };
        if self.backlog.load(Ordering::Relaxed) > LARGEST_BACKLOG {
            self.is_unwatched.store(true, Ordering::Relaxed);
            forwarded.what = Ok(Bytes::new());
        }
        self.backlog.fetch_add(forwarded.weight(), Ordering::Relaxed);
        let _ = self.watcher.send(forwarded);
    }
}
