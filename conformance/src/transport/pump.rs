//! The task that owns a connection's stream: it reads, writes and answers Pings, none of which blocks another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::arrival::{Arrival, End, Observer, StampedArrival};
use super::command::{Act, LARGEST_INBOX, StreamCommand};
use super::decode::Decoder;
use super::encode::{CLOSE, OutFrame, PONG, Side};
use super::handshake::Opened;
use super::link::Link;
use super::outbox::{Outbox, StreamBroken};
use super::splitter::FrameSplitter;
use crate::clock::{Clock, Moment};

const READ_BUFFER: usize = 8 << 10;
/// Observing a frame of more bytes takes noticeable time.
const LARGE: usize = 64 << 10;
/// How long a dropped connection may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves a connection until the script drops its end.
pub(super) async fn run(
    opened: Opened,
    clock: Clock,
    observer: Box<dyn Observer>,
    inbox: mpsc::UnboundedReceiver<StreamCommand>,
    sender: mpsc::UnboundedSender<StampedArrival>,
    unread: Arc<AtomicUsize>,
) {
    let decoder = match opened.link.is_framed() {
        true => FrameDecoder::Lengths(FrameSplitter::default()),
        false => FrameDecoder::WebSocket(Decoder::new(opened.side)),
    };
    let (reader, writer) = tokio::io::split(opened.link);
    let mut pump = Pump {
        side: opened.side,
        clock,
        observer,
        writer,
        sender,
        unread,
        decoder,
        out: Outbox::default(),
        reading: true,
        ended: false,
        muted: false,
        close_sent: false,
        close_seen: false,
        writable: true,
    };
    pump.read(&opened.rest);
    pump.serve(reader, inbox).await;
}

/// Turns bytes into arrivals.
enum FrameDecoder {
    WebSocket(Decoder),
    Lengths(FrameSplitter),
}

struct Pump {
    side: Side,
    clock: Clock,
    observer: Box<dyn Observer>,
    writer: WriteHalf<Link>,
    sender: mpsc::UnboundedSender<StampedArrival>,
    unread: Arc<AtomicUsize>,
    decoder: FrameDecoder,
    out: Outbox,
    reading: bool,
    ended: bool,
    muted: bool,
    close_sent: bool,
    close_seen: bool,
    writable: bool,
}

impl Pump {
    async fn serve(mut self, mut reader: ReadHalf<Link>, mut inbox: mpsc::UnboundedReceiver<StreamCommand>) {
        let mut buffer = vec![0; READ_BUFFER].into_boxed_slice();
        loop {
            // An end of the peer's side is answered with one of our own.
            if self.writable && (self.ended || self.closes_tcp()) {
                let _ = self.writer.shutdown().await;
                self.writable = false;
            }
            let reading = self.reading && !self.ended && self.unread.load(Ordering::Acquire) < LARGEST_INBOX;
            let writing = self.writable && !self.out.is_idle();
            tokio::select! {
                biased;
                command = inbox.recv() => match command {
                    Some(StreamCommand::Frame(frame, done)) => {
                        self.flush_before(frame.payload.len());
                        self.frame(&frame, done);
                    }
                    Some(StreamCommand::Raw(bytes, done)) => self.out.add(bytes, done),
                    Some(StreamCommand::Act(Act::Mute)) => self.muted = true,
                    Some(StreamCommand::Act(Act::Stall)) => self.reading = false,
                    Some(StreamCommand::Act(Act::Resume)) => self.reading = true,
                    Some(StreamCommand::Act(Act::Reset)) => return reader.unsplit(self.writer).reset(),
                    Some(StreamCommand::Act(Act::Fin)) => {
                        let _ = self.writer.shutdown().await;
                        self.writable = false;
                        self.out.clear();
                    }
                    Some(StreamCommand::Wake) => {}
                    None => break,
                },
                count = reader.read(&mut buffer), if reading => match count {
                    Ok(0) => self.end(End::Fin),
                    Ok(count) => self.read(&buffer[..count]),
                    Err(_) => self.end(End::Reset),
                },
                pushed = self.out.push(&mut self.writer), if writing => if pushed == Err(StreamBroken) {
                    self.broken();
                },
            }
        }
        self.close(reader, &mut buffer).await;
    }

    /// A server closes the TCP connection after both Close frames (RFC 6455, section 7.1.1). A muted one leaves that to its client.
    fn closes_tcp(&self) -> bool {
        self.side == Side::Server && self.close_sent && self.close_seen && !self.muted && self.out.is_idle()
    }

    fn frame(&mut self, frame: &OutFrame, done: Option<oneshot::Sender<()>>) {
        if !self.writable || self.ended {
            return;
        }
        self.close_sent |= frame.opcode == CLOSE;
        self.observer.sent(self.clock.now(), frame);
        let bytes = match &self.decoder {
            FrameDecoder::WebSocket(_) => frame.encode(self.side),
            FrameDecoder::Lengths(_) => frame.payload.clone(),
        };
        self.out.join(bytes, done);
    }

    /// Bytes that are ready, such as a Pong, do not wait while a large frame behind them is observed.
    fn flush_before(&mut self, length: usize) {
        if length > LARGE && self.writable && self.out.push_at_once(&mut self.writer) == Err(StreamBroken) {
            self.broken();
        }
    }

    /// The socket may still hold what the peer sent before it disconnected, so reading goes on.
    fn broken(&mut self) {
        self.writable = false;
        self.out.clear();
    }

    fn read(&mut self, bytes: &[u8]) {
        let at = self.clock.now();
        let mut arrivals = Vec::new();
        let mut see = |arrival| arrivals.push(arrival);
        match &mut self.decoder {
            FrameDecoder::WebSocket(decoder) => decoder.feed(bytes, &mut see),
            FrameDecoder::Lengths(splitter) => splitter.feed(bytes, &mut see),
        }
        for arrival in arrivals {
            self.arrived(at, arrival);
        }
    }

    fn end(&mut self, end: End) {
        self.ended = true;
        self.out.clear();
        self.arrived(self.clock.now(), Arrival::End(end));
    }

    fn arrived(&mut self, at: Moment, what: Arrival) {
        self.observer.received(at, &what);
        self.close_seen |= matches!(what, Arrival::Close { .. });
        let reply = match &what {
            Arrival::Ping(bytes) if !self.muted && !self.close_sent => Some(OutFrame::new(PONG, bytes.to_vec())),
            Arrival::Close { code, .. } if !self.muted && !self.close_sent => {
                Some(OutFrame::close(code.filter(|code| !matches!(code, 1005 | 1006 | 1015)), ""))
            }
            _ => None,
        };
        self.unread.fetch_add(what.cost(), Ordering::AcqRel);
        let _ = self.sender.send(StampedArrival { at, what });
        if let Some(frame) = reply {
            self.frame(&frame, None);
        }
    }

    /// Closes a connection that the script has dropped, orderly but with a time limit.
    async fn close(mut self, mut reader: ReadHalf<Link>, buffer: &mut [u8]) {
        if self.ended || !self.writable || self.muted || !self.reading {
            return;
        }
        let closing = async {
            let has_close_frames = matches!(self.decoder, FrameDecoder::WebSocket(_));
            if !self.close_sent && has_close_frames {
                self.out.add(OutFrame::close(Some(1000), "").encode(self.side), None);
            }
            while !self.out.is_idle() && self.out.push(&mut self.writer).await.is_ok() {}
            // A stream without Close frames has nothing to wait for.
            let FrameDecoder::WebSocket(decoder) = &mut self.decoder else { return };
            let mut close_seen = self.close_seen;
            loop {
                // A client may wait for that: browsers fire the close event no sooner (RFC 6455, section 7.1.1).
                if close_seen && self.side == Side::Server {
                    let _ = self.writer.shutdown().await;
                }
                let Ok(count @ 1..) = reader.read(buffer).await else { break };
                decoder.feed(&buffer[..count], &mut |what| close_seen |= matches!(what, Arrival::Close { .. }));
            }
        };
        let _ = self.clock.within(self.clock.now() + self.clock.real(CLOSE_TIMEOUT), closing).await;
    }
}
