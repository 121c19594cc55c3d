//! A stream that accepts only valid WebSocket frame headers (RFC 6455, section 5.2).
//!
//! tungstenite checks a frame only when it is complete, and accepts lengths that are not minimal. Here a header is checked when it arrives, before
//! memory is reserved for its payload (WIRE-06). Payloads, fragments and sizes are left to tungstenite.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A header without its masking key: two bytes, and up to eight of length.
const LONGEST_HEAD: usize = 10;
const MASKING_KEY: u64 = 4;
/// The final-fragment bit.
const FIN: u8 = 0x80;
/// The control-frame bit of the opcode.
const CONTROL: u8 = 0x08;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameSender {
    /// Must mask its frames (RFC 6455, section 5.3).
    Client,
    /// Must not.
    Server,
}

#[derive(Debug)]
pub(super) struct StrictStream<S = TcpStream> {
    inner: S,
    sender: FrameSender,
    /// Unread bytes that came with the handshake.
    early: Box<[u8]>,
    head: [u8; LONGEST_HEAD],
    head_len: usize,
    /// Bytes of masking key and payload before the next header.
    skip: u64,
    /// Within a fragmented message.
    in_fragments: bool,
    violation: Option<&'static str>,
    bytes_read: u64,
    bytes_written: u64,
}

impl StrictStream {
    pub(super) fn tcp(&self) -> &TcpStream {
        &self.inner
    }
}

impl<S> StrictStream<S> {
    /// Wraps a stream; `early` came with the handshake.
    pub(super) fn new(inner: S, early: &[u8], sender: FrameSender) -> Self {
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

    /// Valid bytes read so far.
    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Bytes written so far.
    pub(super) fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    pub(super) fn is_between_messages(&self) -> bool {
        self.skip == 0 && self.head_len == 0 && !self.in_fragments
    }

    /// The number of bytes before the first invalid header.
    fn check(&mut self, bytes: &[u8]) -> usize {
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
            match check_head(&self.head[..self.head_len], self.sender) {
                Ok(None) => at += 1,
                Ok(Some(payload)) => {
                    if self.head[0] & CONTROL == 0 {
                        self.in_fragments = self.head[0] & FIN == 0;
                    }
                    self.skip = match self.sender {
                        FrameSender::Client => MASKING_KEY + payload,
                        FrameSender::Server => payload,
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

fn check_head(head: &[u8], sender: FrameSender) -> Result<Option<u64>, &'static str> {
    let control = head[0] & CONTROL != 0;
    if head.len() == 1 {
        return match head[0] & 0x0F {
            _ if head[0] & 0x70 != 0 => Err("a reserved bit is set"),
            0x3..=0x7 | 0xB..=0xF => Err("a reserved opcode"),
            _ if control && head[0] & FIN == 0 => Err("a fragmented control frame"),
            _ => Ok(None),
        };
    }
    let (masked, short) = (head[1] & 0x80 != 0, head[1] & 0x7F);
    match (short, &head[2..]) {
        _ if !masked && sender == FrameSender::Client => Err("an unmasked frame of a client"),
        _ if masked && sender == FrameSender::Server => Err("a masked frame of a server"),
        (126.., _) if control => Err("a control frame of more than 125 bytes"),
        (126, &[high, low]) => match u16::from_be_bytes([high, low]) {
            ..126 => Err("a length that is not minimal"),
            length => Ok(Some(length.into())),
        },
        (127, &[a, b, c, d, e, f, g, h]) => match u64::from_be_bytes([a, b, c, d, e, f, g, h]) {
            0..=0xFFFF => Err("a length that is not minimal"),
            0x8000_0000_0000_0000.. => Err("a length with its highest bit set"),
            length => Ok(Some(length)),
        },
        (126.., _) => Ok(None),
        (length, _) => Ok(Some(length.into())),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StrictStream<S> {
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
        let valid = self.check(&buf.filled()[before..]);
        buf.set_filled(before + valid);
        self.bytes_read += valid as u64;
        match self.violation {
            Some(violation) if valid == 0 => Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation))),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StrictStream<S> {
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
    fn checks_headers_as_early_as_possible() {
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
            (vec![0x82, 0xFE, 0x00, 0x7D], Err("a length that is not minimal")),
            (eight(65_535), Err("a length that is not minimal")),
            (eight(1 << 63), Err("a length with its highest bit set")),
            (vec![0xC1], Err("a reserved bit is set")),
            (vec![0x91], Err("a reserved bit is set")),
            (vec![0x83], Err("a reserved opcode")),
            (vec![0x8B], Err("a reserved opcode")),
            (vec![0x09], Err("a fragmented control frame")),
            (vec![0x89, 0xFE], Err("a control frame of more than 125 bytes")),
            (vec![0x81, 0x05], Err("an unmasked frame of a client")),
        ] {
            assert_eq!(check_head(&head, FrameSender::Client), verdict, "{head:02x?}");
        }
    }

    #[test]
    fn rejects_masked_frames_of_servers() {
        for (head, verdict) in [
            (vec![0x81, 0x05], Ok(Some(5))),
            (vec![0x82, 0x7E, 0x00, 0x7E], Ok(Some(126))),
            (vec![0x8A, 0x00], Ok(Some(0))),
            (vec![0x81, 0x85], Err("a masked frame of a server")),
            (vec![0x82, 0x7E, 0x00, 0x7D], Err("a length that is not minimal")),
        ] {
            assert_eq!(check_head(&head, FrameSender::Server), verdict, "{head:02x?}");
        }
    }
}
