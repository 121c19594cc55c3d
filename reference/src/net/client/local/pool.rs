//! Keep-alive connections to the local server.
//!
//! A connection is not a task: the request that uses it drives it, so that an answer costs one wake-up, and cancelling a request drops its
//! connection.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::client::tunnel::LocalOrigin;
use crate::net::clock;
use crate::net::watched_stream::WatchedStream;

/// The most idle connections.
const MOST_IDLE: usize = 256;
/// The longest idle time: many servers close idle connections after 5 s, and a request sent just then is lost.
const LONGEST_IDLE: Duration = Duration::from_secs(4);
/// The most bytes of one read.
const READ_BUFFER: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Pool {
    origin: LocalOrigin,
    idle: Mutex<Vec<PooledConnection>>,
}

#[derive(Debug)]
pub(super) struct PooledConnection {
    pub(super) sender: SendRequest<Full<Bytes>>,
    connection: Connection<TokioIo<WatchedStream>, Full<Bytes>>,
    /// Whether anything was received since the last request.
    received: Arc<AtomicBool>,
    is_over: bool,
    since: Instant,
}

impl Pool {
    pub(super) fn new(origin: LocalOrigin) -> Self {
        Self { origin, idle: Mutex::default() }
    }

    pub(super) fn take(&self) -> Option<PooledConnection> {
        let now = clock::instant();
        loop {
            let mut line = self.lock().pop()?;
            if now.duration_since(line.since) < LONGEST_IDLE && line.is_idle() {
                return Some(line);
            }
        }
    }

    pub(super) async fn connect(&self) -> io::Result<PooledConnection> {
        let inner = TcpStream::connect((self.origin.host(), self.origin.port())).await?;
        inner.set_nodelay(true)?; // WIRE-12
        let received = Arc::new(AtomicBool::new(false));
        let stream = WatchedStream::new(inner, Arc::clone(&received), None);
        let mut http = Builder::new();
        http.max_buf_size(READ_BUFFER);
        let (sender, connection) = http.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(PooledConnection { sender, connection, received, is_over: false, since: clock::instant() })
    }

    /// Returns a connection to the pool, if it is usable.
    pub(super) fn keep(&self, mut line: PooledConnection) {
        if line.is_idle() {
            line.since = clock::instant();
            let mut idle = self.lock();
            if idle.len() < MOST_IDLE {
                idle.push(line);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<PooledConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn sweep(pool: Arc<Pool>) {
    loop {
        tokio::time::sleep(LONGEST_IDLE).await;
        let now = clock::instant();
        pool.lock().retain_mut(|line| now.duration_since(line.since) < LONGEST_IDLE && line.is_idle());
    }
}

impl PooledConnection {
    pub(super) async fn drive<T>(&mut self, what: impl Future<Output = T>) -> T {
        let mut what = pin!(what);
        poll_fn(|cx| match what.as_mut().poll(cx) {
            Poll::Pending => {
                self.advance(cx);
                what.as_mut().poll(cx)
            }
            ready => ready,
        })
        .await
    }

    pub(super) fn has_received(&self) -> bool {
        self.received.load(Ordering::Relaxed)
    }

    pub(super) fn begin_request(&self) {
        self.received.store(false, Ordering::Relaxed);
    }

    /// Whether it is ready for a request. Unsolicited data makes it unusable: it would pass for the next answer.
    fn is_idle(&mut self) -> bool {
        self.advance(&mut Context::from_waker(Waker::noop()));
        !self.is_over && self.sender.is_ready()
    }

    fn advance(&mut self, cx: &mut Context<'_>) {
        if !self.is_over {
            self.is_over = Pin::new(&mut self.connection).poll(cx).is_ready();
        }
    }
}
