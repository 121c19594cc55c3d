//! Decodes WebSocket frames, and reports what RFC 6455 forbids instead of repairing it.

use bytes::{Buf, Bytes, BytesMut};

use super::arrival::Arrival;
use super::encode::{BINARY, CLOSE, CONTINUATION, PING, PONG, Side, TEXT};

/// The longest message that the runner accepts, in bytes.
const LONGEST_MESSAGE: usize = 64 << 20;

/// Turns bytes into arrivals.
#[derive(Debug)]
pub struct Decoder {
    side: Side,
    buffer: BytesMut,
    message: Option<(u8, BytesMut)>,
    closed: bool,
    broken: bool,
}

struct FrameHeader {
    fin: bool,
    rsv: u8,
    opcode: u8,
    masked: bool,
    length: u64,
    shortest: bool,
    bytes: usize,
}

impl Decoder {
    /// A decoder for the side that reads.
    #[must_use]
    pub fn new(side: Side) -> Self {
        Self { side, buffer: BytesMut::new(), message: None, closed: false, broken: false }
    }

    /// Decodes bytes, and passes everything that is complete to `see`.
    pub fn feed(&mut self, bytes: &[u8], see: &mut dyn FnMut(Arrival)) {
        if self.broken {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        while !self.broken && self.frame(see) {}
    }

    fn frame(&mut self, see: &mut dyn FnMut(Arrival)) -> bool {
        let Some(header) = header(&self.buffer) else { return false };
        let breach = |section, what: String| Arrival::Breach { section, what };
        if header.length > LONGEST_MESSAGE as u64 {
            self.broken = true;
            see(breach("5.2", format!("a frame of {} bytes, longer than any message may be", header.length)));
            return false;
        }
        let length = header.length as usize;
        let mask_bytes = if header.masked { 4 } else { 0 };
        if self.buffer.len() < header.bytes + mask_bytes + length {
            return false;
        }
        self.buffer.advance(header.bytes);
        let key = self.buffer.split_to(mask_bytes);
        let mut payload = self.buffer.split_to(length);
        if self.closed {
            see(breach("5.5.1", format!("a frame with opcode {} after the Close frame", header.opcode)));
        }
        match (self.side, header.masked) {
            (Side::Client, true) => see(breach("5.1", "a masked frame; servers must not mask".to_owned())),
            (Side::Server, false) => see(breach("5.1", "an unmasked frame; clients must mask".to_owned())),
            _ => {}
        }
        if header.masked {
            payload.iter_mut().zip(key.iter().cycle()).for_each(|(byte, key)| *byte ^= key);
        }
        if !header.shortest {
            see(breach("5.2", format!("a length of {length} that is not encoded in its shortest form")));
        }
        if header.rsv != 0 {
            see(breach("5.2", format!("reserved bits {:03b} without a negotiated extension", header.rsv)));
        }
        if header.opcode >= CLOSE && (!header.fin || length > 125) {
            see(breach(
                "5.5",
                format!("a control frame of {length} bytes{}", if header.fin { "" } else { ", fragmented" }),
            ));
        }
        match header.opcode {
            CONTINUATION | TEXT | BINARY => self.data(&header, payload, see),
            CLOSE => self.close(payload.freeze(), see),
            PING => see(Arrival::Ping(payload.freeze())),
            PONG => see(Arrival::Pong(payload.freeze())),
            reserved => {
                self.broken = true;
                see(breach("5.2", format!("a frame with the reserved opcode {reserved}")));
            }
        }
        true
    }

    fn data(&mut self, header: &FrameHeader, payload: BytesMut, see: &mut dyn FnMut(Arrival)) {
        let breach = |what: &str| Arrival::Breach { section: "5.4", what: what.to_owned() };
        let (opcode, message) = match (self.message.take(), header.opcode) {
            (None, CONTINUATION) => return see(breach("a continuation frame without a message to continue")),
            (Some(_), TEXT | BINARY) => {
                see(breach("a new message before the previous one was complete"));
                (header.opcode, payload)
            }
            (None, opcode) => (opcode, payload),
            (Some((opcode, mut message)), _) => {
                message.extend_from_slice(&payload);
                (opcode, message)
            }
        };
        if message.len() > LONGEST_MESSAGE {
            self.broken = true;
            return see(breach("a fragmented message longer than any message may be"));
        }
        if !header.fin {
            self.message = Some((opcode, message));
        } else if opcode == BINARY {
            see(Arrival::Binary(message.freeze()));
        } else {
            match String::from_utf8(message.to_vec()) {
                Ok(text) => see(Arrival::Text(text)),
                Err(error) => {
                    see(Arrival::Breach { section: "8.1", what: format!("a text message that is not UTF-8: {error}") });
                }
            }
        }
    }

    fn close(&mut self, mut payload: Bytes, see: &mut dyn FnMut(Arrival)) {
        self.closed = true;
        let breach = |section, what: String| Arrival::Breach { section, what };
        if payload.len() == 1 {
            see(breach("5.5.1", "a Close frame with a payload of one byte".to_owned()));
            payload.clear();
        }
        let code = (payload.len() >= 2).then(|| payload.get_u16());
        if let Some(code) = code.filter(|code| !may_be_sent(*code)) {
            see(breach("7.4", format!("a Close frame with the reserved code {code}")));
        }
        let reason = String::from_utf8(payload.to_vec()).unwrap_or_else(|_| {
            see(breach("5.5.1", "a Close frame whose reason is not UTF-8".to_owned()));
            String::new()
        });
        see(Arrival::Close { code, reason });
    }
}

/// Whether a close code may be sent in a Close frame (RFC 6455, section 7.4; the IANA registry for 1012 to 1014).
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

fn header(bytes: &[u8]) -> Option<FrameHeader> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (length, shortest, size) = match second & 0x7F {
        126 => {
            let length = u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
            (length, length > 125, 4)
        }
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
            (length, length > 0xFFFF, 10)
        }
        short => (u64::from(short), true, 2),
    };
    Some(FrameHeader {
        fin: first & 0x80 != 0,
        rsv: first >> 4 & 7,
        opcode: first & 15,
        masked: second & 0x80 != 0,
        length,
        shortest,
        bytes: size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::encode::OutFrame;

    fn server(frame: OutFrame) -> Vec<u8> {
        frame.encode(Side::Server)
    }

    fn read(bytes: &[u8], step: usize) -> Vec<Arrival> {
        let mut decoder = Decoder::new(Side::Client);
        let mut seen = Vec::new();
        for chunk in bytes.chunks(step) {
            decoder.feed(chunk, &mut |arrival| seen.push(arrival));
        }
        seen
    }

    fn sections(bytes: &[u8]) -> Vec<&'static str> {
        let breach = |arrival| if let Arrival::Breach { section, .. } = arrival { Some(section) } else { None };
        read(bytes, bytes.len()).into_iter().filter_map(breach).collect()
    }

    #[test]
    fn chunk_size_makes_no_difference() {
        let mut bytes = Vec::new();
        for frame in OutFrame::fragments(TEXT, "Grüße 😀".as_bytes(), 4) {
            bytes.extend(server(frame));
            bytes.extend(server(OutFrame::new(PING, "between")));
        }
        bytes.extend(server(OutFrame::new(BINARY, vec![7; 70_000])));
        bytes.extend(server(OutFrame::close(Some(4000), "Invalid path")));
        let whole = read(&bytes, bytes.len());
        assert_eq!(whole.len(), 4 + 1 + 1 + 1);
        assert!(whole.contains(&Arrival::Text("Grüße 😀".to_owned())));
        assert_eq!(whole.last(), Some(&Arrival::Close { code: Some(4000), reason: "Invalid path".to_owned() }));
        assert_eq!(read(&bytes, 1), whole);
        assert_eq!(read(&bytes, 3), whole);
    }

    #[test]
    fn reports_every_violation_of_the_rfc() {
        let text = |payload: &[u8]| server(OutFrame::new(TEXT, payload));
        for (bytes, section) in [
            (OutFrame::new(TEXT, "masked").encode(Side::Client), "5.1"),
            (vec![0x81, 126, 0, 1, b'x'], "5.2"),
            (vec![0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, b'x'], "5.2"),
            (vec![0x81, 127, 0x7F, 0, 0, 0, 0, 0, 0, 1], "5.2"),
            (vec![0xC1, 1, b'x'], "5.2"),
            (vec![0x83, 0], "5.2"),
            (vec![0x09, 0], "5.5"),
            (server(OutFrame::new(PING, vec![0; 126])), "5.5"),
            (vec![0x80, 1, b'x'], "5.4"),
            ([vec![0x01, 1, b'x'], text(b"y")].concat(), "5.4"),
            (text(&[0xFF]), "8.1"),
            (vec![0x88, 1, 3], "5.5.1"),
            (server(OutFrame::close(Some(1005), "")), "7.4"),
            (vec![0x88, 3, 3, 0xE8, 0xFF], "5.5.1"),
            ([server(OutFrame::close(None, "")), text(b"late")].concat(), "5.5.1"),
        ] {
            assert_eq!(sections(&bytes), [section], "{bytes:?}");
        }
        assert_eq!(sections(&text(b"fine")), [""; 0]);
    }

    #[test]
    fn requires_clients_to_mask() {
        let decoded = |bytes: Vec<u8>| {
            let mut seen = Vec::new();
            Decoder::new(Side::Server).feed(&bytes, &mut |arrival| seen.push(arrival));
            seen
        };
        let hello = || Arrival::Text("hello".to_owned());
        assert_eq!(decoded(OutFrame::new(TEXT, "hello").encode(Side::Client)), [hello()]);
        let bare = decoded(OutFrame::new(TEXT, "hello").encode(Side::Server));
        assert!(
            matches!(&bare[..], [Arrival::Breach { section: "5.1", .. }, message] if *message == hello()),
            "{bare:?}"
        );
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            read(&bytes, 3);
        }
    }
}
