//! The task of one connection: it reads, writes and keeps the heartbeat, all in one poll.
//!
//! Reading stops while the partner's mailbox is full, so that a slow reader slows down its own session alone (WIRE-10, WIRE-11).

use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Sink, Stream};
use relayspec::pairing::{CLOSE_INVALID_PATH, INVALID_PATH_REASON};
use relayspec::timing::Parameter;
use tokio::net::TcpStream;
use tokio::task::coop;
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{self, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tracing::debug;

use super::closing::{self, Close};
use super::hub::Member;
use super::mailbox::{Delivery, Mailbox};
use super::strict::Strict;
use super::{Shared, clock, handshake};
use crate::server::heartbeat::Heartbeat;
use crate::server::pairing::{Inbound, Role};

/// Of each connection, in bytes. Most connections are idle.
const READ_BUFFER: usize = 4 << 10;
/// What is gathered before it is written, in bytes; used while a connection is busy.
const WRITE_BUFFER: usize = 16 << 10;
/// Bytes of Pongs that may wait; then the peer is not read (WIRE-11).
const PONGS_MARK: usize = 64 << 10;
/// More than systems keep of what a peer has sent and nobody has read, in bytes. A Pong that was sent in time is in there.
const MOST_UNREAD: u64 = 64 << 20;

/// Serves a connection from its acceptance to its end.
pub(super) async fn serve(tcp: TcpStream, shared: Arc<Shared>) {
    // Boxed, so that idle connections do not keep the room for what is over or not yet begun.
    let mut closing = shared.closing.subscribe();
    let opened = tokio::select! {
        opened = Box::pin(handshake::open(tcp)) => opened,
        _ = closing.wait_for(|closing| *closing) => None,
    };
    drop(closing);
    let Some(handshake::Opened { stream, role }) = opened else { return };
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_frame_size(Some(shared.max_message))
        .max_message_size(Some(shared.max_message));
    let socket = WebSocketStream::from_raw_socket(stream, protocol::Role::Server, Some(config)).await;
    let limit = shared.timing.value(Parameter::NotifyDeadline);
    let invalid_path = Close { code: CLOSE_INVALID_PATH, reason: INVALID_PATH_REASON };
    let member = role.ok_or(invalid_path).and_then(|role| Ok((role, shared.hub.open(role)?)));
    let (role, member) = match member {
        Ok(member) => member,
        Err(close) => return Box::pin(closing::close(socket, VecDeque::new(), close, limit)).await,
    };
    let mut connection = Connection::new(socket, role, member, &shared);
    drop(shared);
    let ending = poll_fn(|cx| connection.poll(cx)).await;
    let Connection { socket, member, mut outgoing, unflushed, .. } = connection;
    debug!(?ending, "ended");
    member.mailbox().collect_last(&mut outgoing);
    drop(member); // Its partner is told before anything else.
    match ending {
        Ending::Close(close) => Box::pin(closing::close(socket, outgoing, close, limit)).await,
        Ending::Answer => Box::pin(closing::answer(socket, limit)).await,
        Ending::Silent if unflushed => _ = socket.get_ref().tcp().set_zero_linger(), // It will not read what is left.
        Ending::Silent | Ending::Lost => {}
    }
}

/// Why a connection ends.
#[derive(Debug)]
enum Ending {
    /// The relay closes it.
    Close(Close),
    /// The peer closes it (WIRE-05).
    Answer,
    /// The peer answers no Ping (PAIR-81).
    Silent,
    /// The peer is gone (WIRE-09).
    Lost,
}

impl From<Error> for Ending {
    fn from(error: Error) -> Self {
        let close = |code, reason| Self::Close(Close { code, reason });
        match error {
            Error::Capacity(_) => close(1009, "The message is too big"), // WIRE-07
            Error::Utf8(_) => close(1007, "The text is no UTF-8"),       // WIRE-06, as the next ones
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost,
            Error::Protocol(_) | Error::AttackAttempt => close(1002, "This is no WebSocket"),
            Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => close(1002, "This is no WebSocket"),
            _ => Self::Lost,
        }
    }
}

struct Connection {
    socket: WebSocketStream<Strict>,
    role: Role,
    member: Member,
    /// The mailbox of the partner, as it was found last. A partner that is gone has it shut.
    partner: Option<Arc<Mailbox>>,
    /// The partner's mailbox is full: nothing is read.
    held: bool,
    /// The peer does not read its answers, or is about to be closed: nothing is read.
    choked: bool,
    /// At the last look nothing was left to read.
    exhausted: bool,
    outgoing: VecDeque<Utf8Bytes>,
    /// Bytes of Pongs since all was written last.
    pongs: usize,
    unflushed: bool,
    ping_due: bool,
    heartbeat: Heartbeat,
    alarm: Pin<Box<Sleep>>,
    /// The alarm was set to look after a connection that is held.
    watched: bool,
    watch_interval: Duration,
    /// What had been read when the oldest Ping without Pong was due, in bytes.
    pinged_at: u64,
    /// The peer was not read for a while since then; what had been read when it was last excused for that, in bytes.
    excused_at: Option<u64>,
}

impl Connection {
    fn new(socket: WebSocketStream<Strict>, role: Role, member: Member, shared: &Shared) -> Self {
        let interval = shared.timing.value(Parameter::HeartbeatInterval);
        let timeout = shared.timing.value(Parameter::HeartbeatTimeout);
        let heartbeat = Heartbeat::new(clock::instant(), interval, timeout);
        let alarm = Box::pin(tokio::time::sleep_until(heartbeat.wake_at().into()));
        Self {
            socket,
            role,
            member,
            partner: None,
            held: false,
            choked: false,
            exhausted: false,
            outgoing: VecDeque::new(),
            pongs: 0,
            unflushed: false,
            ping_due: false,
            heartbeat,
            alarm,
            watched: false,
            watch_interval: shared.timing.value(Parameter::NotifyDeadline) / 4,
            pinged_at: 0,
            excused_at: None,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        match self.advance(cx) {
            Ok(()) => Poll::Pending,
            Err(ending) => Poll::Ready(ending),
        }
    }

    /// Does all that can be done for now, and has the task woken when there is more.
    fn advance(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        self.keep_time(cx)?;
        // First, so that a peer that sends without end does not use up the turns in which it could be sent something.
        self.write(cx)?;
        loop {
            self.read(cx)?;
            self.write(cx)?;
            if !self.choked || self.is_choked() {
                break;
            }
            self.choked = false;
            self.read_again();
        }
        if self.held && !self.watched {
            self.watched = true;
            self.set_alarm();
            self.keep_time(cx)?;
        }
        self.judge_silence(cx)
    }

    /// A peer is silent only if what it has sent was read, and there was no Pong in it (PAIR-81, PAIR-82).
    fn judge_silence(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        let read = self.socket.get_ref().bytes_read();
        // If a Pong was sent in time, it was in there.
        let read_most = read - self.pinged_at > MOST_UNREAD;
        if self.heartbeat.is_stuck() {
            return Err(Ending::Silent);
        }
        if self.heartbeat.is_overdue() && (self.exhausted || read_most && !self.held) {
            if read_most || self.excused_at.is_none_or(|before| before == read) {
                return Err(Ending::Silent);
            }
            self.read_again();
            self.keep_time(cx)?;
        }
        Ok(())
    }

    /// The peer is read after a pause that was none of its making. Its Pong may still have to come, behind all that it has sent
    /// meanwhile: it has the whole time-out from now on, and again while something comes.
    fn read_again(&mut self) {
        if self.heartbeat.awaits_pong() {
            self.heartbeat.excuse(clock::instant());
            self.excused_at = Some(self.socket.get_ref().bytes_read());
            self.set_alarm();
        }
    }

    fn keep_time(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let awaited = self.heartbeat.awaits_pong();
            if self.heartbeat.tick(clock::instant()) {
                self.ping_due = true;
                self.member.mailbox().trim(&mut self.outgoing);
                if !awaited {
                    self.pinged_at = self.socket.get_ref().bytes_read();
                }
            }
            // A reset is not seen by reading while nothing is read.
            if self.held && !matches!(self.socket.get_ref().tcp().take_error(), Ok(None)) {
                return Err(Ending::Lost);
            }
            self.watched = self.held;
            self.set_alarm();
        }
        Ok(())
    }

    fn set_alarm(&mut self) {
        let heartbeat = self.heartbeat.wake_at();
        let watch = self.watched.then(|| clock::instant() + self.watch_interval);
        self.alarm.as_mut().reset(watch.map_or(heartbeat, |watch| watch.min(heartbeat)).into());
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        self.exhausted = false;
        loop {
            if let Some(partner) = self.partner.as_ref().filter(|_| self.held) {
                if partner.poll_room(cx).is_pending() {
                    return Ok(());
                }
                self.held = false;
                self.read_again();
            }
            if self.choked {
                return Ok(());
            }
            match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(Some(message)) => self.take(message?)?,
                Poll::Ready(None) => return Err(Ending::Lost),
                Poll::Pending => {
                    // A task that has used up its turn is told the same.
                    self.exhausted = coop::has_budget_remaining();
                    return Ok(());
                }
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<(), Ending> {
        let inbound = match message {
            Message::Text(text) => Inbound::read(self.role, &text),
            Message::Binary(_) => Inbound::binary(self.role),
            Message::Ping(payload) => {
                self.pongs += payload.len() + 2;
                self.choked = self.is_choked();
                self.unflushed = true; // tungstenite has the Pong ready (WIRE-04).
                return Ok(());
            }
            Message::Pong(_) => {
                self.heartbeat.pong();
                self.excused_at = None;
                return Ok(());
            }
            Message::Close(_) => return Err(Ending::Answer),
            Message::Frame(_) => return Ok(()), // Never read.
        };
        match inbound {
            Inbound::Data(text) => self.forward(text),
            Inbound::Answered(text) => {
                self.member.mailbox().answer(text);
                self.choked = self.is_choked();
            }
            Inbound::Register | Inbound::Join(_) => {
                self.member.receive(inbound);
                self.choked = self.is_choked();
            }
        }
        Ok(())
    }

    fn forward(&mut self, mut text: String) {
        loop {
            self.partner = self.partner.take().or_else(|| self.member.mailbox().partner());
            let Some(partner) = &self.partner else {
                self.member.receive(Inbound::Data(text));
                self.choked = self.is_choked();
                return;
            };
            match partner.deliver(text) {
                Delivery::Room => return,
                Delivery::Full => return self.held = true,
                Delivery::Shut(undelivered) => text = undelivered,
            }
            self.partner = None;
        }
    }

    fn is_choked(&self) -> bool {
        self.pongs >= PONGS_MARK || self.member.mailbox().is_choked()
    }

    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Ending> {
        // Twice, since letters are only collected when none is left; not on and on, since the partner may go on and on.
        for _ in 0..2 {
            if let Some(close) = self.member.mailbox().collect(cx, &mut self.outgoing) {
                return Err(Ending::Close(close));
            }
            while self.ping_due || !self.outgoing.is_empty() {
                match Pin::new(&mut self.socket).poll_ready(cx)? {
                    Poll::Ready(()) => {}
                    Poll::Pending => return Ok(()),
                }
                let ping = mem::take(&mut self.ping_due).then(|| Message::Ping(Bytes::new()));
                if let Some(message) = ping.or_else(|| self.outgoing.pop_front().map(Message::Text)) {
                    Pin::new(&mut self.socket).start_send(message)?;
                    self.unflushed = true;
                }
            }
        }
        if self.unflushed && Pin::new(&mut self.socket).poll_flush(cx)?.is_ready() {
            self.unflushed = false;
            self.pongs = 0;
            self.heartbeat.sent();
        }
        Ok(())
    }
}
