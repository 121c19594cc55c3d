//! The task that owns a connection's stream: it reads, writes, answers Pings, and never lets one wait for another.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};

use super::connection::{Act, Arrived, Observer};
use super::decode::{Arrival, Decoder, End};
use super::encode::{CLOSE, OutFrame, PONG, Side};
use super::handshake::Opened;
use super::link::Link;
use super::splitter::Splitter;
use crate::clock::{Clock, Moment};

/// What the script's end asks of the task.
#[derive(Debug)]
pub(super) enum Command {
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
/// So many bytes of frames that nobody waits for are written at once.
const TOGETHER: usize = 4 << 10;
/// How long a dropped connection may take to close.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves a connection until its script's end is dropped.
pub(super) async fn run(
    opened: Opened,
    clock: Clock,
    observer: Box<dyn Observer>,
    orders: mpsc::UnboundedReceiver<Command>,
    sender: mpsc::UnboundedSender<Arrived>,
    unread: Arc<AtomicUsize>,
) {
    let decoder = match opened.link.is_framed() {
        true => Reading::Lengths(Splitter::default()),
        false => Reading::WebSocket(Decoder::new(opened.side)),
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
        out: VecDeque::new(),
        written: 0,
        flush: false,
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

enum Pushed {
    Wrote(usize),
    Flushed,
    Broken,
}

/// Writes some bytes, or flushes where there are none. May be dropped and called again without loss.
async fn push(writer: &mut WriteHalf<Link>, bytes: Option<&[u8]>) -> Pushed {
    match bytes {
        Some(bytes) => match writer.write(bytes).await {
            Ok(count) if count > 0 => Pushed::Wrote(count),
            _ => Pushed::Broken,
        },
        None if writer.flush().await.is_ok() => Pushed::Flushed,
        None => Pushed::Broken,
    }
}

/// How arrivals are made of bytes.
enum Reading {
    WebSocket(Decoder),
    Lengths(Splitter),
}

struct Outgoing {
    bytes: Vec<u8>,
    done: Option<oneshot::Sender<()>>,
}

struct Pump {
    side: Side,
    clock: Clock,
    observer: Box<dyn Observer>,
    writer: WriteHalf<Link>,
    sender: mpsc::UnboundedSender<Arrived>,
    unread: Arc<AtomicUsize>,
    decoder: Reading,
    out: VecDeque<Outgoing>,
    written: usize,
    flush: bool,
    reading: bool,
    ended: bool,
    muted: bool,
    close_sent: bool,
    close_seen: bool,
    writable: bool,
}

impl Pump {
    async fn serve(mut self, mut reader: ReadHalf<Link>, mut orders: mpsc::UnboundedReceiver<Command>) {
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
            let next = self.out.front().map(|outgoing| &outgoing.bytes[self.written..]);
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Command::Frame(frame, done)) => self.frame(&frame, done),
                    Some(Command::Raw(bytes, done)) => self.out.push_back(Outgoing { bytes, done }),
                    Some(Command::Act(Act::Mute)) => self.muted = true,
                    Some(Command::Act(Act::Stall)) => self.reading = false,
                    Some(Command::Act(Act::Resume)) => self.reading = true,
                    Some(Command::Act(Act::Reset)) => return reader.unsplit(self.writer).reset(),
                    Some(Command::Act(Act::Fin)) => {
                        let _ = self.writer.shutdown().await;
                        self.writable = false;
                        self.out.clear();
                    }
                    Some(Command::Wake) => {}
                    None => break,
                },
                count = reader.read(&mut buffer), if reading => match count {
                    Ok(0) => self.end(End::Fin),
                    Ok(count) => self.read(&buffer[..count]),
                    Err(_) => self.end(End::Reset),
                },
                pushed = push(&mut self.writer, next), if self.writable && (next.is_some() || self.flush) => match pushed {
                    Pushed::Flushed => self.flush = false,
                    Pushed::Wrote(count) => self.wrote(count),
                    Pushed::Broken => self.broken(),
                },
            }
        }
        self.farewell(reader, &mut buffer).await;
    }

    /// A server closes the TCP connection once both Close frames have gone over it (RFC 6455, section 7.1.1). One that is muted does
    /// not: its client has to do it.
    fn hangs_up(&self) -> bool {
        let idle = self.out.is_empty() && !self.flush;
        self.side == Side::Server && self.close_sent && self.close_seen && idle && self.writable && !self.muted
    }

    fn frame(&mut self, frame: &OutFrame, done: Option<oneshot::Sender<()>>) {
        if !self.writable || self.ended {
            return;
        }
        self.close_sent |= frame.opcode == CLOSE;
        self.observer.sent(self.clock.now(), frame);
        let bytes = match &self.decoder {
            Reading::WebSocket(_) => frame.encode(self.side),
            Reading::Lengths(_) => frame.payload.clone(),
        };
        // Small frames that wait for each other go out together.
        match self.out.back_mut().filter(|last| last.done.is_none() && last.bytes.len() < TOGETHER) {
            Some(last) => {
                last.bytes.extend(bytes);
                last.done = done;
            }
            None => self.out.push_back(Outgoing { bytes, done }),
        }
    }

    /// What the peer sent before it went away may still lie in the socket: reading goes on.
    fn broken(&mut self) {
        self.writable = false;
        self.out.clear();
        self.written = 0;
    }

    fn wrote(&mut self, count: usize) {
        self.written += count;
        self.flush = true;
        if self.out.front().is_some_and(|outgoing| self.written >= outgoing.bytes.len()) {
            self.written = 0;
            if let Some(done) = self.out.pop_front().and_then(|outgoing| outgoing.done) {
                let _ = done.send(());
            }
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        let at = self.clock.now();
        let mut arrivals = Vec::new();
        let mut see = |arrival| arrivals.push(arrival);
        match &mut self.decoder {
            Reading::WebSocket(decoder) => decoder.feed(bytes, &mut see),
            Reading::Lengths(splitter) => splitter.feed(bytes, &mut see),
        }
        for arrival in arrivals {
            self.arrived(at, arrival);
        }
    }

    fn end(&mut self, end: End) {
        self.ended = true;
        self.out.clear();
        self.written = 0;
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
        let _ = self.sender.send(Arrived { at, what });
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
            let has_close_frames = matches!(self.decoder, Reading::WebSocket(_));
            if !self.close_sent && has_close_frames {
                self.out.push_back(Outgoing { bytes: OutFrame::close(Some(1000), "").encode(self.side), done: None });
            }
            let mut bytes: &[u8] =
                &self.out.iter().flat_map(|outgoing| outgoing.bytes.clone()).skip(self.written).collect::<Vec<_>>();
            while self.writer.write_buf(&mut bytes).await.is_ok_and(|count| count > 0) {}
            let _ = self.writer.flush().await;
            if !has_close_frames {
                return;
            }
            while reader.read(buffer).await.is_ok_and(|count| count > 0) {}
        };
        let _ = self.clock.within(self.clock.now() + self.clock.real(FAREWELL), polite).await;
    }
}
