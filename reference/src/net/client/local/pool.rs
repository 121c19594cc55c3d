//! Connections to the local server that are kept for the next request.
//!
//! A connection is not a task of its own: whoever has a request under way drives it, so that an answer costs one wakeup, and a request
//! that is given up takes its connection along.

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
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::client::tunnel::LocalOrigin;
use crate::net::clock;

/// Connections that are kept at most.
const MOST_IDLE: usize = 256;
/// For how long: many servers close idle connections after 5 s, and a request that meets that is lost.
const LONGEST_IDLE: Duration = Duration::from_secs(4);
/// What is read at a time at most, in bytes.
const READ_BUFFER: usize = 256 << 10;

/// Connections to one origin.
#[derive(Debug)]
pub(super) struct Pool {
    origin: LocalOrigin,
    idle: Mutex<Vec<Line>>,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) sender: SendRequest<Full<Bytes>>,
    connection: Connection<TokioIo<Listening>, Full<Bytes>>,
    /// Something came since the last request.
    heard: Arc<AtomicBool>,
    is_over: bool,
    since: Instant,
}

impl Pool {
    pub(super) fn new(origin: LocalOrigin) -> Self {
        Self { origin, idle: Mutex::default() }
    }

    /// A connection that was used before and is still good.
    pub(super) fn take(&self) -> Option<Line> {
        let now = clock::instant();
        loop {
            let mut line = self.lock().pop()?;
            if now.duration_since(line.since) < LONGEST_IDLE && line.is_idle() {
                return Some(line);
            }
        }
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> io::Result<Line> {
        let inner = TcpStream::connect((self.origin.host(), self.origin.port())).await?;
        inner.set_nodelay(true)?; // WIRE-12
        let heard = Arc::new(AtomicBool::new(false));
        let stream = Listening { inner, heard: Arc::clone(&heard) };
        let mut http = Builder::new();
        http.max_buf_size(READ_BUFFER);
        let (sender, connection) = http.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Line { sender, connection, heard, is_over: false, since: clock::instant() })
    }

    /// Keeps a connection for the next request, if it is good for one.
    pub(super) fn keep(&self, mut line: Line) {
        if line.is_idle() {
            line.since = clock::instant();
            let mut idle = self.lock();
            if idle.len() < MOST_IDLE {
                idle.push(line);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Line>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes what nobody needs any more.
pub(super) async fn sweep(pool: Arc<Pool>) {
    loop {
        tokio::time::sleep(LONGEST_IDLE).await;
        let now = clock::instant();
        pool.lock().retain_mut(|line| now.duration_since(line.since) < LONGEST_IDLE && line.is_idle());
    }
}

impl Line {
    /// Waits for something that this connection brings.
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

    /// Whether anything has come for the last request.
    pub(super) fn has_heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    /// A new request begins.
    pub(super) fn listen(&self) {
        self.heard.store(false, Ordering::Relaxed);
    }

    /// Whether a request can be made now. Nothing may have come meanwhile: an answer before its question is none.
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

/// A stream that notes whether anything came.
#[derive(Debug)]
struct Listening {
    inner: TcpStream,
    heard: Arc<AtomicBool>,
}

impl AsyncRead for Listening {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.heard.store(true, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for Listening {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
