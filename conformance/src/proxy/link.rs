//! One connection through the proxy: bytes go on at once, and a copy of them to the watcher.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use super::watch::Peer;
use super::watcher::{Passed, Watcher};
use super::{Happening, Setup};
use crate::clock::Moment;
use crate::transport::handshake::connect;
use crate::transport::{Dial, End, Link};

/// What is read at a time at most.
const READ_BUFFER: usize = 64 << 10;
/// While so much waits for the watcher, nothing more is shown to it.
const LARGEST_BACKLOG: usize = 64 << 20;
/// How much waits at most to be passed on later.
const MOST_DELAYED: usize = 1024;

/// What the two directions and the watcher share.
struct Shared {
    watcher: mpsc::UnboundedSender<Passed>,
    backlog: Arc<AtomicUsize>,
    setup: Arc<Setup>,
    cut: Arc<Notify>,
}

/// Carries a connection until it ends, or a fault ends it.
pub(super) async fn carry(
    client: TcpStream,
    number: usize,
    setup: Arc<Setup>,
    happenings: mpsc::UnboundedSender<Happening>,
) {
    let note = |text: String| drop(happenings.send(Happening::Note { connection: number, text }));
    let server = match connect(setup.tls.as_ref(), &setup.upstream, Dial::default()).await {
        Ok(server) => server,
        Err(error) => {
            note(format!("{} cannot be reached: {error}", setup.upstream));
            return;
        }
    };
    let (watcher, passed) = mpsc::unbounded_channel();
    let (backlog, cut) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let watching = Watcher::new(number, Arc::clone(&setup), happenings, Arc::clone(&cut), Arc::clone(&backlog));
    let watching = tokio::spawn(watching.run(passed));
    let shared = Shared { watcher, backlog, setup: Arc::clone(&setup), cut: Arc::clone(&cut) };
    let (client_reads, client_writes) = tokio::io::split(Link::Tcp(client));
    let (server_reads, server_writes) = tokio::io::split(server);
    let mut client_half = Half { reads: client_reads, writes: server_writes, from: Peer::Client };
    let mut server_half = Half { reads: server_reads, writes: client_writes, from: Peer::Server };
    let is_cut = {
        let both = async { tokio::join!(client_half.pass(&shared), server_half.pass(&shared)) };
        let clock = &setup.clock;
        let begin = clock.now();
        let faults = &setup.faults;
        let drop_after = async {
            match faults.drop_after {
                Some(after) => clock.sleep_until(begin + after).await,
                None => std::future::pending().await,
            }
        };
        let half_open = async {
            match faults.half_open_after {
                Some(after) => clock.sleep_until(begin + after).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            (one, other) = both => one == End::Reset || other == End::Reset,
            () = drop_after => true,
            () = shared.cut.notified() => true,
            // Both sockets stay open, and nobody reads them any more.
            () = half_open => std::future::pending().await,
        }
    };
    drop(shared);
    let _ = watching.await;
    if is_cut {
        client_half.reads.unsplit(server_half.writes).reset();
        server_half.reads.unsplit(client_half.writes).reset();
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
        loop {
            let mut chunk = BytesMut::with_capacity(READ_BUFFER);
            let end = match self.reads.read_buf(&mut chunk).await {
                Ok(count) if count > 0 => {
                    let chunk = chunk.freeze();
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

    async fn later(&mut self, shared: &Shared, delay: std::time::Duration) -> End {
        let clock = &shared.setup.clock;
        let (sender, mut waiting) = mpsc::channel::<(Moment, Bytes)>(MOST_DELAYED);
        let (reads, writes, from) = (&mut self.reads, &mut self.writes, self.from);
        let reading = async move {
            loop {
                let mut chunk = BytesMut::with_capacity(READ_BUFFER);
                match reads.read_buf(&mut chunk).await {
                    Ok(count) if count > 0 => {
                        let _ = sender.send((clock.now() + delay, chunk.freeze())).await;
                    }
                    Ok(_) => break End::Fin,
                    Err(_) => break End::Reset,
                }
            }
        };
        let writing = async {
            while let Some((due, chunk)) = waiting.recv().await {
                clock.sleep_until(due).await;
                shared.show(from, Ok(chunk.clone()));
                if writes.write_all(&chunk).await.is_err() || writes.flush().await.is_err() {
                    return End::Reset;
                }
            }
            End::Fin
        };
        let (read, written) = tokio::join!(reading, writing);
        let end = if written == End::Reset { End::Reset } else { read };
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

impl Shared {
    /// Shows the watcher what passes, unless it cannot keep up.
    fn show(&self, from: Peer, what: Result<Bytes, End>) {
        let size = what.as_ref().map_or(0, Bytes::len);
        if self.backlog.fetch_add(size, Ordering::Relaxed) > LARGEST_BACKLOG {
            self.backlog.fetch_sub(size, Ordering::Relaxed);
            let gap = Ok(Bytes::new());
            let _ = self.watcher.send(Passed { at: self.setup.clock.now(), from, what: gap });
            return;
        }
        let _ = self.watcher.send(Passed { at: self.setup.clock.now(), from, what });
    }
}
