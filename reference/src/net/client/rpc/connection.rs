//! One connection at a time: the attempt, then frames in and bytes out, then the end.

use std::future::{pending, poll_fn};
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use relayspec::rpc::Frames;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::UnixStream;
use tokio::time::timeout;
use tracing::{info, warn};

/// The most bytes of one read.
const READ: usize = 16 << 10;

#[derive(Debug)]
pub(super) enum DaemonEvent {
    Opened,
    /// A frame, with its length prefix.
    Frame(Vec<u8>),
    /// The attempt failed, or the connection is lost.
    Lost,
}

type PendingStream = Pin<Box<dyn Future<Output = io::Result<UnixStream>> + Send>>;

/// At most one connection.
pub(super) struct DaemonConnection {
    socket: PathBuf,
    max_frame: usize,
    state: DialState,
}

enum DialState {
    Down,
    Opening(PendingStream),
    Open(OpenStream),
}

struct OpenStream {
    stream: UnixStream,
    frames: Frames,
    out: Vec<u8>,
    written: usize,
}

impl DaemonConnection {
    pub(super) fn new(socket: PathBuf, max_frame: usize) -> Self {
        Self { socket, max_frame, state: DialState::Down }
    }

    /// Starts an attempt, and drops what is left of an earlier connection (RECON-08).
    pub(super) fn connect(&mut self) {
        self.state = DialState::Opening(Box::pin(UnixStream::connect(self.socket.clone())));
    }

    /// Drops the attempt or the connection.
    pub(super) fn drop_now(&mut self) {
        self.state = DialState::Down;
    }

    /// The next event. `fetch` is called when all earlier bytes are with the network. Cancel-safe.
    pub(super) async fn next(&mut self, mut fetch: impl FnMut() -> Vec<u8>) -> DaemonEvent {
        match &mut self.state {
            DialState::Down => pending().await,
            DialState::Opening(dialling) => match dialling.await {
                Ok(stream) => {
                    let frames = Frames::new(self.max_frame);
                    self.state = DialState::Open(OpenStream { stream, frames, out: Vec::new(), written: 0 });
                    DaemonEvent::Opened
                }
                Err(error) => {
                    warn!(%error, "the attempt failed");
                    self.state = DialState::Down;
                    DaemonEvent::Lost
                }
            },
            DialState::Open(open) => match poll_fn(|cx| open.poll(cx, &mut fetch)).await {
                Ok(frame) => DaemonEvent::Frame(frame),
                Err(error) => {
                    info!(%error, "the connection is lost");
                    self.state = DialState::Down;
                    DaemonEvent::Lost
                }
            },
        }
    }

    pub(super) async fn close(&mut self, limit: Duration, fetch: impl FnOnce() -> Vec<u8>) {
        if let DialState::Open(mut open) = std::mem::replace(&mut self.state, DialState::Down) {
            let last = async {
                open.stream.write_all(&open.out[open.written..]).await?;
                open.stream.write_all(&fetch()).await?;
                open.stream.shutdown().await
            };
            _ = timeout(limit, last).await;
        }
    }
}

impl OpenStream {
    fn poll(&mut self, cx: &mut Context<'_>, fetch: &mut impl FnMut() -> Vec<u8>) -> Poll<io::Result<Vec<u8>>> {
        loop {
            self.write(cx, fetch)?;
            match self.frames.next_frame() {
                Ok(Some(frame)) => return Poll::Ready(Ok(frame.to_vec())),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Err(io::Error::other(error))), // RPC-C9
            }
            let mut room = [0; READ];
            let mut read = ReadBuf::new(&mut room);
            match Pin::new(&mut self.stream).poll_read(cx, &mut read)? {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) if read.filled().is_empty() => {
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                Poll::Ready(()) => self.frames.buffer().extend_from_slice(read.filled()),
            }
        }
    }

    fn write(&mut self, cx: &mut Context<'_>, fetch: &mut impl FnMut() -> Vec<u8>) -> io::Result<()> {
        loop {
            if self.written == self.out.len() {
                (self.out, self.written) = (fetch(), 0);
            }
            if self.out.is_empty() {
                return Ok(());
            }
            match Pin::new(&mut self.stream).poll_write(cx, &self.out[self.written..])? {
                Poll::Ready(count) => self.written += count,
                Poll::Pending => return Ok(()),
            }
        }
    }
}
