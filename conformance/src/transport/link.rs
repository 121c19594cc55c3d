//! The byte streams that connections run over.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::client::TlsStream;

/// A byte stream to a subject.
#[derive(Debug)]
pub enum Link {
    /// TCP.
    Tcp(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream<TcpStream>>),
    /// A Unix stream socket, which carries length-prefixed frames instead of WebSocket frames.
    Unix(UnixStream),
    /// Memory, for tests.
    Memory(DuplexStream),
}

impl Link {
    /// Whether it carries length-prefixed frames.
    #[must_use]
    pub fn is_framed(&self) -> bool {
        matches!(self, Self::Unix(_))
    }

    /// Ends the stream by a TCP reset. A Unix stream is closed at once, with its unread input: the peer then sees a reset too (Linux).
    pub fn reset(self) {
        // With a linger time of zero, closing resets; if the system refuses it, the close is orderly.
        let _ = self.tcp().map(TcpStream::set_zero_linger);
    }

    /// The underlying TCP connection, if any.
    #[must_use]
    pub fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(stream) => Some(stream),
            Self::Tls(stream) => Some(stream.get_ref().0),
            Self::Unix(_) | Self::Memory(_) => None,
        }
    }
}

macro_rules! each {
    ($link:expr, $stream:ident => $call:expr) => {
        match $link.get_mut() {
            Link::Tcp(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Link::Tls(stream) => {
                let $stream = Pin::new(stream.as_mut());
                $call
            }
            Link::Unix(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
            Link::Memory(stream) => {
                let $stream = Pin::new(stream);
                $call
            }
        }
    };
}

impl AsyncRead for Link {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Link {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => stream.poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_shutdown(cx))
    }
}
