//! A stream that reads on only while the WebSocket frame headers of the peer keep to RFC 6455, section 5.2.
//!
//! tungstenite judges a frame when all of it has come, and takes lengths that are longer than they need be. Here a header is
//! judged when it comes, before anything is kept for its payload (WIRE-06). Payloads, fragments and sizes are tungstenite's.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A header without the masking key: two bytes, and up to eight of length.
const LONGEST_HEAD: usize = 10;
const MASKING_KEY: u64 = 4;
/// Of the first byte: the last fragment.
const FIN: u8 = 0x80;
/// Of the first byte: no data.
const CONTROL: u8 = 0x08;

/// Who sends what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// Masks its frames (RFC 6455, section 5.3).
    Client,
    /// Masks none.
    Server,
}

/// The stream of a connection.
#[derive(Debug)]
pub(super) struct Strict<S = TcpStream> {
    inner: S,
    sender: Sender,
    /// What came with the handshake and is not read yet.
    early: Box<[u8]>,
    head: [u8; LONGEST_HEAD],
    head_len: usize,
    /// Bytes of masking key and payload until the next header.
    skip: u64,
    /// A message has begun and its last fragment not.
    in_fragments: bool,
    violation: Option<&'static str>,
    bytes_read: u64,
    bytes_written: u64,
}

impl Strict {
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.inner
    }
}

impl<S> Strict<S> {
    /// Reads behind what came early, together with the handshake.
    pub(super) fn new(inner: S, early: &[u8], sender: Sender) -> Self {
        let early = early.into();
        Self {
            inner,
            sender,
            early,
            head: [0; LONGEST_HEAD],
            head_len: 0,
            skip: 0,
            in_fragments: false,
            violation: None,
            bytes_read: 0,
            bytes_written: 0,
        }
    }

    pub(super) fn into_inner(self) -> S {
        self.inner
    }

    /// All bytes so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// All bytes so far that the system has taken.
    pub(super) fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    /// Whether all that was read makes whole messages.
    pub(super) fn is_between_messages(&self) -> bool {
        self.skip == 0 && self.head_len == 0 && !self.in_fragments
    }

    /// The number of bytes before the first header that is a violation.
    fn judge(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            if self.skip > 0 {
                let rest = (bytes.len() - at) as u64;
                let skipped = rest.min(self.skip);
                self.skip -= skipped;
                at += skipped as usize;
                continue;
            }
            self.head[self.head_len] = bytes[at];
            self.head_len += 1;
            match judge_head(&self.head[..self.head_len], self.sender) {
                Ok(None) => at += 1,
                Ok(Some(payload)) => {
                    if self.head[0] & CONTROL == 0 {
                        self.in_fragments = self.head[0] & FIN == 0;
                    }
                    self.skip = match self.sender {
                        Sender::Client => MASKING_KEY + payload,
                        Sender::Server => payload,
                    };
                    self.head_len = 0;
                    at += 1;
                }
                Err(violation) => {
                    self.violation = Some(violation);
                    return at;
                }
            }
        }
        at
    }
}

/// The length of the payload, as soon as the header has come that far.
fn judge_head(head: &[u8], sender: Sender) -> Result<Option<u64>, &'static str> {
    let control = head[0] & CONTROL != 0;
    if head.len() == 1 {
        return match head[0] & 0x0F {
            _ if head[0] & 0x70 != 0 => Err("a reserved bit is set"),
            0x3..=0x7 | 0xB..=0xF => Err("a reserved opcode"),
            _ if control && head[0] & FIN == 0 => Err("a control frame in fragments"),
            _ => Ok(None),
        };
    }
    let (masked, short) = (head[1] & 0x80 != 0, head[1] & 0x7F);
    match (short, &head[2..]) {
        _ if !masked && sender == Sender::Client => Err("a frame of a client without mask"),
        _ if masked && sender == Sender::Server => Err("a frame of a server with a mask"),
        (126.., _) if control => Err("a control frame of more than 125 bytes"),
        (126, &[high, low]) => match u16::from_be_bytes([high, low]) {
            ..126 => Err("a length that is longer than it need be"),
            length => Ok(Some(length.into())),
        },
        (127, &[a, b, c, d, e, f, g, h]) => match u64::from_be_bytes([a, b, c, d, e, f, g, h]) {
            0..=0xFFFF => Err("a length that is longer than it need be"),
            0x8000_0000_0000_0000.. => Err("a length with its highest bit set"),
            length => Ok(Some(length)),
        },
        (126.., _) => Ok(None),
        (length, _) => Ok(Some(length.into())),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Strict<S> {
    /// Fails with [`io::ErrorKind::InvalidData`] at a violation.
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if self.early.is_empty() {
            if self.violation.is_none() {
                ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
            }
        } else {
            let length = buf.remaining().min(self.early.len());
            buf.put_slice(&self.early[..length]);
            self.early = self.early[length..].into();
        }
        let fine = self.judge(&buf.filled()[before..]);
        buf.set_filled(before + fine);
        self.bytes_read += fine as u64;
        match self.violation {
            Some(violation) if fine == 0 => Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation))),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
        self.bytes_written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_judged_as_soon_as_they_can_be() {
        let eight = |length: u64| [&[0x81, 0xFF][..], &length.to_be_bytes()].concat();
        for (head, verdict) in [
            (vec![0x81], Ok(None)),
            (vec![0x81, 0x80], Ok(Some(0))),
            (vec![0x01, 0xFD], Ok(Some(125))),
            (vec![0x80, 0xFE, 0x00], Ok(None)),
            (vec![0x82, 0xFE, 0x00, 0x7E], Ok(Some(126))),
            (vec![0x82, 0xFE, 0xFF, 0xFF], Ok(Some(65_535))),
            (eight(65_536), Ok(Some(65_536))),
            (eight(u64::MAX >> 1), Ok(Some(u64::MAX >> 1))),
            (vec![0x89, 0xFD], Ok(Some(125))),
            (vec![0x82, 0xFE, 0x00, 0x7D], Err("a length that is longer than it need be")),
            (eight(65_535), Err("a length that is longer than it need be")),
            (eight(1 << 63), Err("a length with its highest bit set")),
            (vec![0xC1], Err("a reserved bit is set")),
            (vec![0x91], Err("a reserved bit is set")),
            (vec![0x83], Err("a reserved opcode")),
            (vec![0x8B], Err("a reserved opcode")),
            (vec![0x09], Err("a control frame in fragments")),
            (vec![0x89, 0xFE], Err("a control frame of more than 125 bytes")),
            (vec![0x81, 0x05], Err("a frame of a client without mask")),
        ] {
            assert_eq!(judge_head(&head, Sender::Client), verdict, "{head:02x?}");
        }
    }
    #[test]
    fn servers_mask_nothing() {
        for (head, verdict) in [
            (vec![0x81, 0x05], Ok(Some(5))),
            (vec![0x82, 0x7E, 0x00, 0x7E], Ok(Some(126))),
            (vec![0x8A, 0x00], Ok(Some(0))),
            (vec![0x81, 0x85], Err("a frame of a server with a mask")),
            (vec![0x82, 0x7E, 0x00, 0x7D], Err("a length that is longer than it need be")),
        ] {
            assert_eq!(judge_head(&head, Sender::Server), verdict, "{head:02x?}");
        }
    }
}
