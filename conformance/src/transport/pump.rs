//! The task that owns a connection's stream: it reads, writes, answers Pings, and never lets one wait for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::connection::{Act, StampedArrival, Observer};
use super::decode::{Arrival, Decoder, End};
use super::encode::{CLOSE, OutFrame, PONG, Side};
use super::handshake::Opened;
use super::link::Link;
use super::outbox::{StreamBroken, Outbox};
use super::splitter::FrameSplitter;
use crate::clock::{Clock, Moment};

/// What the script's end asks of the task.
#[derive(Debug)]
pub(super) enum StreamCommand {
    Frame(OutFrame, Option<oneshot::Sender<()>>),
    Raw(Vec<u8>, Option<oneshot::Sender<()>>),
    Act(Act),
    Wake,
}

/// While so much lies unread in the script's inbox, nothing more is read from the socket.
pub(super) const LARGEST_INBOX: usize = 96 << 20;
/// What an arrival counts for beside its payload.
const ARRIVAL_COST: usize = 64;
const READ_BUFFER: usize = 8 << 10;
/// A frame of more bytes takes its time to be looked at.
const LARGE: usize = 64 << 10;
/// How long a dropped connection may take to close.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves a connection until its script's end is dropped.
pub(super) async fn run(
    opened: Opened,
    clock: Clock,
    observer: Box<dyn Observer>,
    orders: mpsc::UnboundedReceiver<StreamCommand>,
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
    pump.serve(reader, orders).await;
}

/// What an arrival counts for in the script's inbox, in bytes.
pub(super) fn cost(arrival: &Arrival) -> usize {
    ARRIVAL_COST
        + match arrival {
            Arrival::Text(text) => text.len(),
            Arrival::Binary(bytes) | Arrival::Ping(bytes) | Arrival::Pong(bytes) => bytes.len(),
            Arrival::Close { reason, .. } => reason.len(),
            Arrival::Breach { what, .. } => what.len(),
            Arrival::End(_) => 0,
        }
}

/// How arrivals are made of bytes.
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
    async fn serve(mut self, mut reader: ReadHalf<Link>, mut orders: mpsc::UnboundedReceiver<StreamCommand>) {
        let mut buffer = vec![0; READ_BUFFER].into_boxed_slice();
        loop {
            if self.ended && self.writable {
                // The other side has closed, and gets the same.
                let _ = self.writer.shutdown().await;
                self.writable = false;
            }
            if self.hangs_up() {
                let _ = self.writer.shutdown().await;
                self.writable = false;
            }
            let reading = self.reading && !self.ended && self.unread.load(Ordering::Acquire) < LARGEST_INBOX;
            let writing = self.writable && !self.out.is_idle();
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(StreamCommand::Frame(frame, done)) => {
                        self.make_way(frame.payload.len());
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
        self.farewell(reader, &mut buffer).await;
    }

    /// A server closes the TCP connection once both Close frames have gone over it (RFC 6455, section 7.1.1). One that is muted does
    /// not: its client has to do it.
    fn hangs_up(&self) -> bool {
        let is_due = self.side == Side::Server && self.close_sent && self.close_seen && !self.muted;
        is_due && self.out.is_idle() && self.writable
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

    /// What is ready, as a Pong, does not wait while a large frame behind it is looked at.
    fn make_way(&mut self, length: usize) {
        if length > LARGE && self.writable && self.out.push_at_once(&mut self.writer) == Err(StreamBroken) {
            self.broken();
        }
    }

    /// What the peer sent before it went away may still lie in the socket: reading goes on.
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
        self.unread.fetch_add(cost(&what), Ordering::AcqRel);
        let _ = self.sender.send(StampedArrival { at, what });
        if let Some(frame) = reply {
            self.frame(&frame, None);
        }
    }

    /// The script is done with the connection: close it as a polite peer would, but not for long.
    async fn farewell(mut self, mut reader: ReadHalf<Link>, buffer: &mut [u8]) {
        if self.ended || !self.writable || self.muted || !self.reading {
            return;
        }
        let polite = async {
            let has_close_frames = matches!(self.decoder, FrameDecoder::WebSocket(_));
            if !self.close_sent && has_close_frames {
                self.out.add(OutFrame::close(Some(1000), "").encode(self.side), None);
            }
            while !self.out.is_idle() && self.out.push(&mut self.writer).await.is_ok() {}
            // A stream without Close frames has no farewell to wait for.
            let FrameDecoder::WebSocket(decoder) = &mut self.decoder else { return };
            let mut close_seen = self.close_seen;
            loop {
                // A client may wait for that: a browser tells its page of a close no sooner (RFC 6455, section 7.1.1).
                if close_seen && self.side == Side::Server {
                    let _ = self.writer.shutdown().await;
                }
                let Ok(count @ 1..) = reader.read(buffer).await else { break };
                decoder.feed(&buffer[..count], &mut |what| close_seen |= matches!(what, Arrival::Close { .. }));
            }
        };
        let _ = self.clock.within(self.clock.now() + self.clock.real(FAREWELL), polite).await;
    }
}
