//! The task of one connection: handshake, then reading, writing and heartbeat in one poll, then the end.
//!
//! What a message means is not decided here. [`traffic`] moves messages, [`pulse`] keeps the heartbeat.

mod pulse;
mod traffic;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use relayspec::pairing::{CLOSE_INVALID_PATH, INVALID_PATH_REASON};
use relayspec::timing::Parameter;
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{self, WebSocketConfig};
use tracing::debug;

use super::closing::{self, Close};
use super::hub::Member;
use super::letters::Letters;
use super::mailbox::Mailbox;
use super::strict::Strict;
use super::{Shared, clock, handshake};
use crate::server::Core;
use crate::server::heartbeat::Heartbeat;

type Socket = WebSocketStream<Strict>;

/// Serves a connection from its acceptance to its end.
///
/// The beginning and the end are boxed, so that a connection has no room for what is over or has not begun.
pub(super) async fn serve<C: Core>(tcp: TcpStream, shared: Arc<Shared<C>>) {
    let Some(mut connection) = Box::pin(establish(tcp, shared)).await else { return };
    let ending = loop {
        match poll_fn(|cx| connection.poll(cx)).await {
            Some(ending) => break ending,
            None => connection = Box::pin(connection.renew()).await,
        }
    };
    debug!(?ending, "ended");
    Box::pin(connection.end(ending)).await;
}

/// Does the handshake and takes the connection into the relay.
async fn establish<C: Core>(tcp: TcpStream, shared: Arc<Shared<C>>) -> Option<Connection<C>> {
    let mut closing = shared.closing.subscribe();
    let address = tcp.peer_addr().ok().map(|address| address.ip());
    let handshake::Opened { stream, role } = tokio::select! {
        opened = handshake::open::<C>(tcp) => opened?,
        _ = closing.wait_for(|closing| *closing) => return None,
    };
    let config = WebSocketConfig::default()
        .read_buffer_size(C::READ_BUFFER)
        .write_buffer_size(C::WRITE_BUFFER)
        .max_frame_size(Some(shared.max_message))
        .max_message_size(Some(shared.max_message));
    let socket = websocket(stream, config).await;
    let invalid_path = Close { code: CLOSE_INVALID_PATH, reason: INVALID_PATH_REASON };
    match role.ok_or(invalid_path).and_then(|role| Ok((role, shared.hub.open(role, address)?))) {
        Ok((role, member)) => Some(Connection::new(socket, role, member, &shared)),
        Err(close) => {
            closing::close(socket, Letters::default(), close, shared.timing.value(Parameter::NotifyDeadline)).await;
            None
        }
    }
}

async fn websocket(stream: Strict, config: WebSocketConfig) -> Socket {
    WebSocketStream::from_raw_socket(stream, protocol::Role::Server, Some(config)).await
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

struct Connection<C: Core> {
    socket: Socket,
    role: C::Role,
    member: Member<C>,
    /// The mailbox of the partner, as it was found last, or of another peer that is slow. One that is gone has it shut.
    partner: Option<Arc<Mailbox>>,
    /// That mailbox is full: nothing is read.
    held: bool,
    /// The peer does not read its answers, or is about to be closed: nothing is read.
    choked: bool,
    /// At the last look nothing was left to read.
    exhausted: bool,
    outgoing: Letters,
    /// Bytes of Pongs since all was written last.
    pongs: usize,
    unflushed: bool,
    /// The WebSocket has grown by a large message, and keeps what it has.
    grown: bool,
    /// It is to be renewed when nothing is in it.
    renewal_due: bool,
    ping_due: bool,
    heartbeat: Heartbeat,
    /// Until then the first message has to come.
    patience: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
    /// The alarm was set to look after a connection that is held.
    watched: bool,
    notify_deadline: Duration,
    /// What had been read when the oldest Ping without Pong was due, in bytes.
    pinged_at: u64,
    /// What the system had taken for the peer when the oldest Ping that has not left was due, or at a later look, in bytes.
    taken_at: u64,
    /// Since when the peer has taken nothing while others wait for it, and what it had taken until then, in bytes.
    stalled: Option<(Instant, u64)>,
    /// What had been read when it was last excused for a long message.
    long_message_at: u64,
    /// The peer was not read for a while since it was pinged; what had been read when it was last excused for that, in bytes.
    excused_at: Option<u64>,
}

impl<C: Core> Connection<C> {
    fn new(socket: Socket, role: C::Role, member: Member<C>, shared: &Shared<C>) -> Self {
        let interval = shared.timing.value(Parameter::HeartbeatInterval);
        let timeout = shared.timing.value(Parameter::HeartbeatTimeout);
        let now = clock::instant();
        let heartbeat = Heartbeat::new(now, interval, timeout);
        let patience = C::patience(&shared.timing).map(|patience| now + patience);
        let wake_at = patience.into_iter().fold(heartbeat.wake_at(), Instant::min);
        let alarm = Box::pin(tokio::time::sleep_until(wake_at.into()));
        Self {
            socket,
            role,
            member,
            partner: None,
            held: false,
            choked: false,
            exhausted: false,
            outgoing: Letters::default(),
            pongs: 0,
            unflushed: false,
            grown: false,
            renewal_due: false,
            ping_due: false,
            heartbeat,
            patience,
            alarm,
            watched: false,
            notify_deadline: shared.timing.value(Parameter::NotifyDeadline),
            pinged_at: 0,
            taken_at: 0,
            stalled: None,
            long_message_at: 0,
            excused_at: None,
        }
    }

    /// Ready when the connection ends, or, with `None`, when its WebSocket is to be renewed.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ending>> {
        match self.advance(cx) {
            Err(ending) => Poll::Ready(Some(ending)),
            Ok(()) if self.renewal_due && self.is_at_rest() => Poll::Ready(None),
            Ok(()) => Poll::Pending,
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
        self.watch_if_held(cx)?;
        self.judge_stall()?;
        self.judge_silence(cx)
    }

    /// Nothing is within the WebSocket, neither to be read nor to be written.
    fn is_at_rest(&self) -> bool {
        self.exhausted && !self.unflushed && self.outgoing.is_empty() && self.socket.get_ref().is_between_messages()
    }

    /// Puts another WebSocket in the place of one that has grown: tungstenite never gives back what it once needed.
    async fn renew(self) -> Self {
        let config = *self.socket.get_config();
        let socket = websocket(self.socket.into_inner(), config).await;
        Self { socket, grown: false, renewal_due: false, ..self }
    }

    /// Tells the partner before anything else, then the peer.
    async fn end(self, ending: Ending) {
        let Self { socket, member, mut outgoing, unflushed, notify_deadline, .. } = self;
        member.mailbox().collect_last(&mut outgoing);
        drop(member);
        match ending {
            Ending::Close(close) => closing::close(socket, outgoing, close, notify_deadline).await,
            Ending::Answer => closing::answer(socket, notify_deadline).await,
            Ending::Silent if unflushed => _ = socket.get_ref().tcp().set_zero_linger(), // It will not read what is left.
            Ending::Silent | Ending::Lost => {}
        }
    }
}
